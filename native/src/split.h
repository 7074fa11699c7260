// A class of a row against all others together, which is how a divergence that leaves the label out sees a row.
#pragma once

#include <math.h>

// A function that CUDA compiles for both sides.
#if defined(__CUDACC__)
#define RETORT_DEVICE __host__ __device__
#else
#define RETORT_DEVICE
#endif

namespace {

// A NaN in either stays: of two masked classes the sum is taken, which is -inf or it.
RETORT_DEVICE inline double log_add(double a, double b) {
  const double larger = a > b ? a : b;
  return larger == -HUGE_VAL ? a + b : larger + log(exp(a - larger) + exp(b - larger));
}

// Logarithms of the probability of one class and of all others together, both exact where they are small.
struct Split {
  double log_target = -HUGE_VAL;
  double log_rest = -HUGE_VAL;
};

// Of logarithms that are exact up to one summand for both.
RETORT_DEVICE inline Split split_between(double target, double rest) {
  const double all = log_add(target, rest);
  return {target - all, rest - all};
}

}  // namespace
