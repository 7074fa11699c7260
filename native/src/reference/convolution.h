// What the convolution of network.h means: plain loops in double precision. Every other
// implementation is tested against these. Images, weights and gradients are laid out as in
// network.h.
#pragma once

#include <cstdint>
#include <vector>

#include "retort/network.h"

namespace retort::reference {

int64_t convolution_output_height(const retort_convolution& a);
int64_t convolution_output_width(const retort_convolution& a);

// An empty bias adds nothing.
std::vector<double> convolution_forward(const retort_convolution& a,
                                        const std::vector<double>& input,
                                        const std::vector<double>& weights,
                                        const std::vector<double>& bias);

std::vector<double> convolution_backward_input(const retort_convolution& a,
                                               const std::vector<double>& output_gradient,
                                               const std::vector<double>& weights);

std::vector<double> convolution_backward_weights(const retort_convolution& a,
                                                 const std::vector<double>& input,
                                                 const std::vector<double>& output_gradient);

}  // namespace retort::reference
