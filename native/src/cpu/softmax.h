// Softmax and log-softmax at a temperature, and their gradients.
//
//   p_j = exp((z_j - m) / T) / Z      m = max z      Z = sum_j exp((z_j - m) / T)
//
// Bytes: forward reads and writes the row once (its second and third sweep hit the cache), backward
// reads two rows and writes one. A row is one thread's; a vector holds neighbouring classes.
#pragma once

#include "vector.h"

namespace {

float row_maximum(int64_t classes, const float* logits) {
  Vector largest = broadcast(-INFINITY);
  for_each_vector(classes, [&](int64_t j, auto lanes) {
    largest = maximum(lanes.load(logits + j, -INFINITY), largest);
  });
  return largest_lane(largest);
}

float row_normalizer(int64_t classes, const float* logits, float largest,
                     float inverse_temperature) {
  Vector sum = broadcast(0);
  for_each_vector(classes, [&](int64_t j, auto lanes) {
    const Vector shifted = lanes.load(logits + j, -INFINITY) - broadcast(largest);
    sum = sum + lanes.keep(exp_nonpositive(shifted * broadcast(inverse_temperature)));
  });
  return sum_of_lanes(sum);
}

void softmax_row(int64_t classes, const float* logits, float inverse_temperature, float* output) {
  const float largest = row_maximum(classes, logits);
  Vector sum = broadcast(0);
  for_each_vector(classes, [&](int64_t j, auto lanes) {
    const Vector shifted = lanes.load(logits + j, -INFINITY) - broadcast(largest);
    const Vector e = exp_nonpositive(shifted * broadcast(inverse_temperature));
    lanes.store(output + j, e);
    sum = sum + lanes.keep(e);
  });
  const Vector inverse = broadcast(1 / sum_of_lanes(sum));
  for_each_vector(classes, [&](int64_t j, auto lanes) {
    lanes.store(output + j, lanes.load(output + j, 0) * inverse);
  });
}

void log_softmax_row(int64_t classes, const float* logits, float inverse_temperature,
                     float* output) {
  const float largest = row_maximum(classes, logits);
  const float log_normalizer = logf(row_normalizer(classes, logits, largest, inverse_temperature));
  for_each_vector(classes, [&](int64_t j, auto lanes) {
    const Vector shifted = lanes.load(logits + j, 0) - broadcast(largest);
    lanes.store(output + j, shifted * broadcast(inverse_temperature) - broadcast(log_normalizer));
  });
}

void softmax_backward_row(int64_t classes, const float* p, const float* g,
                          float inverse_temperature, float* gradient) {
  Vector dot = broadcast(0);
  for_each_vector(classes, [&](int64_t j, auto lanes) {
    dot = multiply_add(lanes.load(p + j, 0), lanes.load(g + j, 0), dot);
  });
  const Vector inner = broadcast(sum_of_lanes(dot));
  for_each_vector(classes, [&](int64_t j, auto lanes) {
    const Vector centred = lanes.load(g + j, 0) - inner;
    lanes.store(gradient + j, lanes.load(p + j, 0) * centred * broadcast(inverse_temperature));
  });
}

void log_softmax_backward_row(int64_t classes, const float* log_p, const float* g,
                              float inverse_temperature, float* gradient) {
  Vector sum = broadcast(0);
  for_each_vector(classes, [&](int64_t j, auto lanes) { sum = sum + lanes.load(g + j, 0); });
  const Vector total = broadcast(sum_of_lanes(sum));
  for_each_vector(classes, [&](int64_t j, auto lanes) {
    const Vector p = exp_nonpositive(lanes.load(log_p + j, 0));
    const Vector difference = lanes.load(g + j, 0) - p * total;
    lanes.store(gradient + j, difference * broadcast(inverse_temperature));
  });
}

void softmax(int64_t rows, int64_t classes, const float* logits, int64_t logits_stride,
             float temperature, bool logarithm, float* output, int64_t output_stride) {
  const auto row = logarithm ? log_softmax_row : softmax_row;
  for (int64_t i = 0; i < rows; ++i) {
    row(classes, logits + i * logits_stride, 1 / temperature, output + i * output_stride);
  }
}

void softmax_backward(int64_t rows, int64_t classes, const float* output, int64_t output_stride,
                      const float* output_gradient, int64_t output_gradient_stride,
                      float temperature, bool logarithm, float* logits_gradient,
                      int64_t logits_gradient_stride) {
  const auto row = logarithm ? log_softmax_backward_row : softmax_backward_row;
  for (int64_t i = 0; i < rows; ++i) {
    row(classes, output + i * output_stride, output_gradient + i * output_gradient_stride,
        1 / temperature, logits_gradient + i * logits_gradient_stride);
  }
}

}  // namespace
