// What a thread, and then its team, knows of a softmax: sums over exponentials that are relative to the largest
// value so far. A tile raises the peak once and shrinks the sums once, so a value costs one exponential.
//
//   peak = max z     sum = sum_j 2^x_j     product = sum_j 2^x_j x_j     x_j = (z_j - peak) * scale
//   other = sum_j 2^((z_j - peak) * other_scale)
#pragma once

#include "arch.cuh"

namespace retort::cuda {

constexpr float kLog2E = 1.44269504f;
constexpr float kLn2 = 0.693147181f;

// exp(x) by the unit that has powers of two; |x| * 2^-24 of error beside the unit's.
__device__ inline float exponential(float x) { return exp2f(x * kLog2E); }

struct SoftmaxSums {
  float peak;
  float sum;
  float product;
  float other;
  float scale;        // log2(e) / T
  float other_scale;  // 0: not wanted

  __device__ static SoftmaxSums of(float scale, float other_scale) {
    return {-HUGE_VALF, 0, 0, 0, scale, other_scale};
  }
  __device__ SoftmaxSums neutral() const { return of(scale, other_scale); }

  // What exponents are relative to; 0 before there is a class that counts.
  __device__ float reference() const { return peak == -HUGE_VALF ? 0 : peak; }

  template <int kCount>
  __device__ void add(const float (&z)[kCount]) {
    float e[kCount];
    add(z, e);
  }

  // The exponentials too, relative to the reference that is the thread's own from then on.
  template <int kCount>
  __device__ void add(const float (&z)[kCount], float (&e)[kCount]) {
    float largest = z[0];
#pragma unroll
    for (int i = 1; i < kCount; ++i) largest = fmaxf(largest, z[i]);
    raise(largest);
    const float to = reference();
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      const float centred = z[i] - to, x = centred * scale;
      e[i] = exp2f(x);
      sum += e[i];
      product += e[i] == 0 ? 0 : e[i] * x;
      if (other_scale != 0) other += exp2f(centred * other_scale);
    }
  }

  // What exponentials relative to `before`'s reference are to be multiplied by.
  __device__ float shrink_from(const SoftmaxSums& before) const {
    return before.peak == -HUGE_VALF ? 0 : exp2f((before.reference() - reference()) * scale);
  }

  __device__ void merge(const SoftmaxSums& b) {
    SoftmaxSums raised = b;
    raised.raise(peak);
    raise(b.peak);
    sum += raised.sum;
    product += raised.product;
    other += raised.other;
  }

  template <typename TeamLanes>
  __device__ void combine(const TeamLanes& lanes) {
    raise(lanes.max(peak));
    sum = lanes.sum(sum);
    product = lanes.sum(product);
    if (other_scale != 0) other = lanes.sum(other);
  }

 private:
  __device__ void raise(float to) {
    const float before = peak;
    peak = fmaxf(peak, to);
    if (peak == before || before == -HUGE_VALF) return;  // the sums are 0, or a NaN
    const float fall = (before - peak) * scale, shrink = exp2f(fall);
    // Terms that vanish beside what comes, infinitely far below it or not; a NaN stays.
    product = shrink == 0 ? 0 * sum : (product + sum * fall) * shrink;
    sum *= shrink;
    if (other_scale != 0) other *= exp2f((before - peak) * other_scale);
  }
};

// Several sums at once.
template <typename T, int kCount>
struct Totals {
  T values[kCount];

  __device__ Totals neutral() const { return {}; }
  __device__ void merge(const Totals& b) {
#pragma unroll
    for (int i = 0; i < kCount; ++i) values[i] += b.values[i];
  }
  template <typename TeamLanes>
  __device__ void combine(const TeamLanes& lanes) {
#pragma unroll
    for (int i = 0; i < kCount; ++i) values[i] = lanes.sum(values[i]);
  }
};

}  // namespace retort::cuda
