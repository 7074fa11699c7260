// The log of a sum of exponentials that comes in parts, each with a peak of its own:
//
//   log sum_j exp(c z_j) = c m + log Z      m = max z      Z = sum_j exp(c (z_j - m))
//
// A part that is masked throughout has the peak -inf, and 0 stands for it in its exponents.
#pragma once

#include "vector.h"

namespace {

// Where lanes hand their sums on, so that a term is never lost beside a long sum of floats.
constexpr int64_t kSummedColumns = 64 * kLanes;

// The sum of term(column, lanes) over the columns of a row; beyond them a term must be 0.
template <typename Term>
inline __attribute__((always_inline)) double sum_of_terms(int64_t columns, Term term) {
  double sum = 0;
  for (int64_t first = 0; first < columns; first += kSummedColumns) {
    const int64_t count = columns - first < kSummedColumns ? columns - first : kSummedColumns;
    Vector lane_sums = broadcast(0);
    for_each_vector(count,
                    [&](int64_t j, auto lanes) { lane_sums = lane_sums + term(first + j, lanes); });
    sum += static_cast<double>(sum_of_lanes(lane_sums));
  }
  return sum;
}

struct LogSumExp {
  double scale;  // c
  double largest = -HUGE_VAL;
  double sum = 0;

  void add(float peak, double part) {
    if (peak > largest) {
      sum *= exp((largest - peak) * scale);
      largest = peak;
    }
    sum += part * (peak == -HUGE_VALF ? 0 : exp((peak - largest) * scale));
  }

  // m, or what stands for it.
  double peak() const { return largest == -HUGE_VAL ? 0 : largest; }
  // The same sum about another peak.
  double sum_about(double other) const {
    return sum == 0 ? 0 : sum * exp((peak() - other) * scale);
  }
};

}  // namespace
