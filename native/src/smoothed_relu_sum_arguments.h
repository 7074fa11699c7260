// The checks of the arguments of sums of smoothed ReLUs, on whatever device they are.
#pragma once

#include "errors.h"
#include "retort/network.h"

namespace retort {

retort_status check_smoothed_relu_sum_forward(const retort_smoothed_relu_sum* sum,
                                              const float* pre_activations, const float* output);
retort_status check_smoothed_relu_sum_backward(const retort_smoothed_relu_sum* sum,
                                               const float* pre_activations,
                                               const float* output_gradient,
                                               const float* pre_activation_gradient);

}  // namespace retort
