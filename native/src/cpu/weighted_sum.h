// A block of one row of a weighted sum of matrices: v_j = sum_k w_k z_kj.
#pragma once

#include "softmax.h"
#include "upcoming.h"
#include "vector.h"

namespace {

struct WeightedMatrices {
  const void* const* data;
  const float* weights;
  int64_t count;
  int64_t stride;
};

// The lines to fetch meanwhile for a vector of the sum of so many.
constexpr int64_t fetched_of_sum(int64_t count) { return count / 2; }

// Adds kCount matrices to v, or starts it with them; returns the maximum so far. Beyond the columns v is -inf up
// to a whole vector.
template <typename Element, int64_t kCount>
Vector add_matrices(const void* const* matrices, const float* weights, bool first, int64_t offset,
                    int64_t columns, UpcomingOperands* upcoming, float* v) {
  const Element* rows[kCount];
  Vector weight[kCount];
  for (int64_t k = 0; k < kCount; ++k) {
    rows[k] = static_cast<const Element*>(matrices[k]) + offset;
    weight[k] = broadcast(weights[k]);
  }
  UpcomingOperands own = *upcoming;
  Vector peak = broadcast(-INFINITY);
  for_each_vector(columns, [&](int64_t j, auto lanes) {
    Vector sum = lanes.load(rows[0] + j, -INFINITY) * weight[0];
    if (!first) sum = sum + load(v + j);
    for (int64_t k = 1; k < kCount; ++k) {
      sum = multiply_add(lanes.load(rows[k] + j, -INFINITY), weight[k], sum);
    }
    store(v + j, sum);
    peak = maximum(sum, peak);
    own.fetch(fetched_of_sum(kCount));
  });
  *upcoming = own;
  return peak;
}

// The sum, from an offset into the matrices on; returns its maximum. Four matrices at a time: as many streams as
// stay in registers with their weights.
template <typename Element>
Vector weighted_sum(const WeightedMatrices& matrices, int64_t offset, int64_t columns,
                    UpcomingOperands* upcoming, float* v) {
  Vector peak = broadcast(-INFINITY);
  int64_t k = 0;
  const auto add = [&](auto group) {
    constexpr int64_t kCount = decltype(group)::value;
    peak = add_matrices<Element, kCount>(matrices.data + k, matrices.weights + k, k == 0, offset,
                                         columns, upcoming, v);
    k += kCount;
  };
  const int64_t fours = matrices.count / 4;
  for (int64_t i = 0; i < fours; ++i) add(RowCount<4>{});
  const int64_t rest = matrices.count - k;
  if (rest == 3) add(RowCount<3>{});
  if (rest == 2) add(RowCount<2>{});
  if (rest == 1) add(RowCount<1>{});
  return peak;
}

}  // namespace
