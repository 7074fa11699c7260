// The checks of the arguments of optimiser steps, on whatever device they are, and the coefficients of a step.
#pragma once

#include "cpu/kernels.h"
#include "errors.h"

namespace retort {

retort_status check_sgd_step(int64_t size, float learning_rate, float momentum, float weight_decay,
                             const float* gradient, const float* velocity, const float* parameter);
retort_status check_adam_step(const retort_adam* adam, int64_t size, const float* gradient,
                              const float* first_moment, const float* second_moment,
                              const float* parameter);

// Computed in double.
AdamStep adam_coefficients(const retort_adam& adam);

}  // namespace retort
