#include "batch_norm.h"

#include <cmath>

namespace retort::reference {

BatchNormMoments batch_norm_moments(const BatchNorm& batch_norm, const Row& input) {
  const size_t rows = batch_norm.rows, channels = batch_norm.channels;
  BatchNormMoments moments{Row(channels, 0.0), Row(channels, 0.0)};
  for (size_t c = 0; c < channels; ++c) {
    double& mean = moments.mean[c];
    for (size_t r = 0; r < rows; ++r) mean += input[r * channels + c] / static_cast<double>(rows);
    for (size_t r = 0; r < rows; ++r) {
      const double deviation = input[r * channels + c] - mean;
      moments.variance[c] += deviation * deviation / static_cast<double>(rows);
    }
  }
  return moments;
}

Row batch_norm_normalize(const BatchNorm& batch_norm, const Row& input,
                         const BatchNormMoments& moments) {
  Row output(input.size());
  for (size_t i = 0; i < input.size(); ++i) {
    const size_t c = i % batch_norm.channels;
    const double deviation = std::sqrt(moments.variance[c] + batch_norm.epsilon);
    const double normalized = (input[i] - moments.mean[c]) / deviation;
    output[i] = batch_norm.scale[c] * normalized + batch_norm.shift[c];
    if (batch_norm.rectify && output[i] < 0) output[i] = 0;
  }
  return output;
}

Row batch_norm_training(const BatchNorm& batch_norm, const Row& input) {
  return batch_norm_normalize(batch_norm, input, batch_norm_moments(batch_norm, input));
}

BatchNormGradients batch_norm_backward(const BatchNorm& batch_norm, const Row& input,
                                       const Row& output_gradient) {
  const size_t rows = batch_norm.rows, channels = batch_norm.channels;
  const BatchNormMoments moments = batch_norm_moments(batch_norm, input);
  const Row output = batch_norm_normalize(batch_norm, input, moments);
  BatchNormGradients gradients{Row(input.size()), Row(channels, 0.0), Row(channels, 0.0)};
  for (size_t c = 0; c < channels; ++c) {
    const double deviation = std::sqrt(moments.variance[c] + batch_norm.epsilon);
    const auto normalized = [&](size_t i) { return (input[i] - moments.mean[c]) / deviation; };
    const auto gradient = [&](size_t i) {
      return batch_norm.rectify && !(output[i] > 0) ? 0 : output_gradient[i];
    };
    for (size_t i = c; i < input.size(); i += channels) {
      gradients.scale[c] += gradient(i) * normalized(i);
      gradients.shift[c] += gradient(i);
    }
    for (size_t i = c; i < input.size(); i += channels) {
      const double mean = gradients.shift[c] / static_cast<double>(rows);
      const double along = gradients.scale[c] / static_cast<double>(rows);
      const double centred = gradient(i) - mean - normalized(i) * along;
      gradients.input[i] = batch_norm.scale[c] / deviation * centred;
    }
  }
  return gradients;
}

Row batch_norm_tangent(const BatchNorm& batch_norm, const Row& input, const Row& input_tangent,
                       const Row& scale_tangent, const Row& shift_tangent) {
  const size_t rows = batch_norm.rows, channels = batch_norm.channels;
  const BatchNormMoments moments = batch_norm_moments(batch_norm, input);
  const Row output = batch_norm_normalize(batch_norm, input, moments);
  Row tangent(input.size());
  for (size_t c = 0; c < channels; ++c) {
    const double deviation = std::sqrt(moments.variance[c] + batch_norm.epsilon);
    double mean_tangent = 0, variance_tangent = 0;
    for (size_t i = c; i < input.size(); i += channels) {
      const double centred = input[i] - moments.mean[c];
      mean_tangent += input_tangent[i] / static_cast<double>(rows);
      variance_tangent += 2 * centred * input_tangent[i] / static_cast<double>(rows);
    }
    const double deviation_tangent = variance_tangent / (2 * deviation);
    for (size_t i = c; i < input.size(); i += channels) {
      if (batch_norm.rectify && !(output[i] > 0)) continue;
      const double normalized = (input[i] - moments.mean[c]) / deviation;
      const double normalized_tangent =
          (input_tangent[i] - mean_tangent - normalized * deviation_tangent) / deviation;
      tangent[i] = batch_norm.scale[c] * normalized_tangent + scale_tangent[c] * normalized +
                   shift_tangent[c];
    }
  }
  return tangent;
}

}  // namespace retort::reference
