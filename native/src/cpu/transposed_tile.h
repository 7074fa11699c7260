// Rows in lanes: as many rows as a vector has lanes, a vector for each column. For rows of few columns, which
// would leave lanes of a row's own vectors empty and pay for a sum across lanes each.
//
// A square of rows and columns at a time is loaded with a row in each vector, transposed in registers and
// stored with a column in each; back alike.
#pragma once

#include "softmax.h"
#include "upcoming.h"
#include "vector.h"
#include "weighted_sum.h"

namespace {

// Where the rows of a tile begin, in elements. The last row stands for those that a tile at the end lacks.
struct TileRows {
  int64_t offsets[kLanes];
  int64_t count;

  TileRows(int64_t first_row, int64_t count, int64_t stride) : count(count) {
    for (int64_t i = 0; i < kLanes; ++i) {
      offsets[i] = (first_row + (i < count ? i : count - 1)) * stride;
    }
  }
};

// body(first column, columns, lanes) over squares of columns.
template <typename Body>
void for_each_square(int64_t columns, Body body) {
  int64_t first = 0;
  for (; first + kLanes <= columns; first += kLanes) body(first, kLanes, AllLanes{});
  if (first < columns) body(first, columns - first, FirstLanes{columns - first});
}

// sum_k w_k z_k of a square, a row in each vector.
template <typename Element, typename Lanes>
inline __attribute__((always_inline)) void load_square(const TileRows& rows, int64_t column,
                                                       Lanes lanes,
                                                       const WeightedMatrices& matrices,
                                                       UpcomingOperands* upcoming, Vector* square) {
  const auto load_row = [&](int64_t k, int64_t i) {
    return lanes.load(static_cast<const Element*>(matrices.data[k]) + column + rows.offsets[i], 0);
  };
  const Vector first_weight = broadcast(matrices.weights[0]);
#pragma GCC unroll 16
  for (int64_t i = 0; i < kLanes; ++i) square[i] = load_row(0, i) * first_weight;
  upcoming->fetch(kLanes / 4);
  for (int64_t k = 1; k < matrices.count; ++k) {
    const Vector weight = broadcast(matrices.weights[k]);
#pragma GCC unroll 16
    for (int64_t i = 0; i < kLanes; ++i) {
      square[i] = multiply_add(load_row(k, i), weight, square[i]);
    }
    upcoming->fetch(kLanes / 4);
  }
}

// The weighted sum of matrices, transposed; returns every row's largest. The tile has room for whole squares.
template <typename Element>
Vector load_tile(const TileRows& rows, int64_t columns, const WeightedMatrices& matrices,
                 UpcomingOperands* upcoming, float* tile) {
  UpcomingOperands own = *upcoming;
  Vector peak = broadcast(-INFINITY);
  for_each_square(columns, [&](int64_t first, int64_t width, auto lanes) {
    Vector square[kLanes];
    load_square<Element>(rows, first, lanes, matrices, &own, square);
    transpose(square);
#pragma GCC unroll 16
    for (int64_t j = 0; j < kLanes; ++j) {
      if (j < width) peak = maximum(square[j], peak);
      store(tile + (first + j) * kLanes, square[j]);
    }
  });
  *upcoming = own;
  return peak;
}

// Writes rows to where they begin in `output`; column(j) is the vector of column j.
template <typename Element, typename Column>
void store_tile(const TileRows& rows, int64_t columns, Column column, UpcomingOperands* upcoming,
                Element* output) {
  for_each_square(columns, [&](int64_t first, int64_t width, auto lanes) {
    Vector square[kLanes];
#pragma GCC unroll 16
    for (int64_t j = 0; j < kLanes; ++j) {
      square[j] = j < width ? column(first + j) : broadcast(0);
    }
    transpose(square);
    upcoming->fetch(kLanes);
    for (int64_t i = 0; i < rows.count; ++i) {
      lanes.store(output + rows.offsets[i] + first, square[i]);
    }
  });
}

}  // namespace
