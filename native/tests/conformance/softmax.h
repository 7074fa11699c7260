// The arguments of a softmax or log-softmax, forward or backward.
#pragma once

#include "implementation.h"
#include "operation.h"

namespace retort::conformance {

struct SoftmaxArguments {
  bool logarithm;
  retort_dtype dtype;
  Shape shape;
  float temperature;
  Matrix logits;
  Matrix output;

  retort_status call(const retort_executor* executor) const {
    const auto function = logarithm ? implementation().log_softmax : implementation().softmax;
    return function(dtype, shape.rows, shape.classes, logits.data(), logits.stride, temperature,
                    output.data(), output.stride, executor);
  }
};

struct SoftmaxBackwardArguments {
  bool logarithm;
  retort_dtype dtype;
  Shape shape;
  float temperature;
  Matrix output;
  Matrix output_gradient;
  Matrix logits_gradient;

  retort_status call(const retort_executor* executor) const {
    const auto function =
        logarithm ? implementation().log_softmax_backward : implementation().softmax_backward;
    return function(dtype, shape.rows, shape.classes, output.data(), output.stride,
                    output_gradient.data(), output_gradient.stride, temperature,
                    logits_gradient.data(), logits_gradient.stride, executor);
  }
};

}  // namespace retort::conformance
