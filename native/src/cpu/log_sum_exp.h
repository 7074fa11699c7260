// The log of a sum of exponentials that comes in parts, each with a peak of its own:
//
//   log sum_j exp(c z_j) = c m + log Z      m = max z      Z = sum_j exp(c (z_j - m))
//
// A part that is masked throughout has the peak -inf, and 0 stands for it in its exponents.
#pragma once

#include "vector.h"

namespace {

struct LogSumExp {
  double scale;  // c
  double largest = -HUGE_VAL;
  double sum = 0;

  void add(float peak, float part) {
    if (peak > largest) {
      sum *= exp((largest - peak) * scale);
      largest = peak;
    }
    sum += static_cast<double>(part) * (peak == -HUGE_VALF ? 0 : exp((peak - largest) * scale));
  }

  // m, or what stands for it.
  double peak() const { return largest == -HUGE_VAL ? 0 : largest; }
  // The same sum about another peak.
  double sum_about(double other) const {
    return sum == 0 ? 0 : sum * exp((peak() - other) * scale);
  }
};

}  // namespace
