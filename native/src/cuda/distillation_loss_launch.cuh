// The launch of a distillation loss. Each type of element is compiled in a file of its own, distillation_loss_*.cu, so
// that they are built side by side.
#pragma once

#include "parameters.h"
#include "retort/retort.h"

namespace retort::cuda {

template <typename Element>
retort_status launch_distillation_loss(const DistillationParameters& a, void* stream);

// For elements of the options' type.
retort_status launch_distillation_loss_of_options(const DistillationParameters& a, void* stream);

}  // namespace retort::cuda
