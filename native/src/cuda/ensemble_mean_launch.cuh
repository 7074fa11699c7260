// The launch of an ensemble mean of checked arguments, for operations that it is a step of.
#pragma once

#include "parameters.h"
#include "retort/retort.h"

namespace retort::cuda {

retort_status launch_ensemble_mean(retort_dtype dtype, const EnsembleMeanParameters& a,
                                   void* stream);

}  // namespace retort::cuda
