// The launch of a distillation tangent. Each type of element is compiled in a file of its own,
// distillation_tangent_*.cu, so that they are built side by side.
#pragma once

#include "parameters.h"
#include "retort/retort.h"

namespace retort::cuda {

template <typename Element>
retort_status launch_distillation_tangent(const DistillationTangentParameters& a, void* stream);

}  // namespace retort::cuda
