// The distillation loss of checked arguments, for operations that it is a step of.
#pragma once

#include "cpu/kernels.h"

namespace retort {

// The sums over the first `rows` rows, added in the order of their tasks.
LossSums sum_distillation_loss(const DistillationLossRows& arguments, int64_t rows,
                               const retort_executor* executor);

}  // namespace retort
