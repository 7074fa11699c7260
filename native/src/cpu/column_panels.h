// Walks over a matrix that keep in registers what belongs to its columns, and sums over rows.
#pragma once

#include "vector.h"

namespace {

// A block of rows of this many elements stays in the first-level cache, where its other columns find their lines.
constexpr int64_t kPanelElements = 4096;

// body(column, lanes, first_row, end_row) over panels: one vector of columns of such a block.
template <typename Body>
inline __attribute__((always_inline)) void for_each_panel(int64_t rows, int64_t columns,
                                                          Body body) {
  const int64_t panel = columns < kPanelElements ? kPanelElements / columns : 1;
  for (int64_t first = 0; first < rows; first += panel) {
    const int64_t end = rows - first < panel ? rows : first + panel;
    for_each_vector(columns, [&](int64_t j, auto lanes) { body(j, lanes, first, end); });
  }
}

template <int kSums>
struct Sums {
  Vector of[kSums];
};

// add(i, sums) adds the terms of row i. Four sets of sums take turns, so that no addition waits for the one before.
template <int kSums, typename Add>
inline __attribute__((always_inline)) Sums<kSums> sum_over_rows(int64_t first, int64_t end,
                                                                Add add) {
  constexpr int kTurns = 4;
  Vector sum[kTurns][kSums];
#pragma GCC unroll 4
  for (int t = 0; t < kTurns; ++t) {
    for (int s = 0; s < kSums; ++s) sum[t][s] = broadcast(0);
  }
  int64_t i = first;
  for (; i + kTurns <= end; i += kTurns) {
#pragma GCC unroll 4
    for (int t = 0; t < kTurns; ++t) add(i + t, sum[t]);
  }
  for (; i < end; ++i) add(i, sum[0]);
  Sums<kSums> total;
  for (int s = 0; s < kSums; ++s) total.of[s] = (sum[0][s] + sum[1][s]) + (sum[2][s] + sum[3][s]);
  return total;
}

}  // namespace
