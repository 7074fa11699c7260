// What batch normalisation means; retort/network.h has the formulas.
#pragma once

#include <stddef.h>

#include "reference.h"

namespace retort::reference {

// A [rows, channels] matrix and the [channels] vectors that normalise it.
struct BatchNorm {
  size_t rows;
  size_t channels;
  double epsilon;
  bool rectify;
  Row scale;
  Row shift;
};

struct BatchNormMoments {
  Row mean;
  Row variance;  // biased
};

struct BatchNormGradients {
  Row input;
  Row scale;
  Row shift;
};

BatchNormMoments batch_norm_moments(const BatchNorm& batch_norm, const Row& input);
Row batch_norm_normalize(const BatchNorm& batch_norm, const Row& input,
                         const BatchNormMoments& moments);
Row batch_norm_training(const BatchNorm& batch_norm, const Row& input);
BatchNormGradients batch_norm_backward(const BatchNorm& batch_norm, const Row& input,
                                       const Row& output_gradient);
// Along a direction in input, scale and shift at once.
Row batch_norm_tangent(const BatchNorm& batch_norm, const Row& input, const Row& input_tangent,
                       const Row& scale_tangent, const Row& shift_tangent);

}  // namespace retort::reference
