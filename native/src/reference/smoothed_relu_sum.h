// What a sum of smoothed ReLUs means.
#pragma once

#include "reference.h"
#include "retort/network.h"

namespace retort::reference {

double smoothed_relu(double a, int degree, double threshold);
double smoothed_relu_derivative(double a, int degree, double threshold);
Row smoothed_relu_sum_forward(const retort_smoothed_relu_sum& sum, const Row& pre_activations);
Row smoothed_relu_sum_backward(const retort_smoothed_relu_sum& sum, const Row& pre_activations,
                               const Row& output_gradient);

}  // namespace retort::reference
