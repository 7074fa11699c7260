// The smoothed ReLU and its derivative; network.h has the definition.
//
//   t = min(max(a / threshold, 0), 1)
//   f(a)  = threshold / q * t^q + max(a - threshold, 0)
//   f'(a) = t^(q - 1)
//
// which is the definition without its cases: beyond the threshold t is 1, and the sum is
// a - (1 - 1 / q) * threshold.
//
// CPU and CUDA share this file: a Vector is several lanes on the one, and on the other a float.
#pragma once

#include "cpu/kernels.h"
#include "split.h"
#if defined(RETORT_CUDA)
#include "cuda/vector.cuh"
#else
#include "cpu/vector.h"
#endif

namespace {

struct SmoothedRelu {
  int32_t degree;
  Vector inverse_threshold;
  Vector threshold;
  Vector height;  // at the threshold

  RETORT_DEVICE explicit SmoothedRelu(const retort_smoothed_relu_sum& sum)
      : degree(sum.degree),
        inverse_threshold(broadcast(1 / sum.threshold)),
        threshold(broadcast(sum.threshold)),
        height(broadcast(sum.threshold / static_cast<float>(sum.degree))) {}

  // The order of the operands lets a NaN through.
  RETORT_DEVICE Vector fraction(Vector a) const {
    return minimum(broadcast(1), maximum(broadcast(0), a * inverse_threshold));
  }

  RETORT_DEVICE Vector derivative(Vector t) const {
    Vector power = t;
    for (int32_t i = 2; i < degree; ++i) power = power * t;
    return power;
  }

  RETORT_DEVICE Vector value(Vector a) const {
    const Vector t = fraction(a);
    const Vector beyond = maximum(broadcast(0), a - threshold);
    return multiply_add(height, derivative(t) * t, beyond);
  }
};

}  // namespace
