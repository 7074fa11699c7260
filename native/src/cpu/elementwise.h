// Operations on one element at a time, and sums over the rows of a matrix.
//
//   relu                y = max(0, x)            gradient: dx = dy where y > 0, else 0
//   linear combination  z = a * x + b * y
//   add to rows         m[r, c] += row[c]
//   column sums         s[c] = sum_r m[r, c]
//
// Bytes: each input read once, each output written once; column sums read the matrix once and write
// next to nothing. A vector holds neighbouring elements, a task a run of them or of rows.
#pragma once

#include "kernels.h"
#include "vector.h"

namespace {

// A sum for each of a block of columns: in the first-level cache, and aligned, without which a
// vector could not be read back at once after it was written. It is fetched once for a tile of rows.
class ColumnSums {
 public:
  explicit ColumnSums(int64_t columns) : columns_(columns) {
    for (int64_t j = 0; j < columns; j += kLanes) store(sums_ + j, broadcast(0));
  }

  void add(int64_t column, Vector addend) { store(sums_ + column, load(sums_ + column) + addend); }
  Vector at(int64_t column) const { return load(sums_ + column); }
  void copy_to(float* sums) const {
    for_each_vector(columns_, [&](int64_t j, auto lanes) { lanes.store(sums + j, at(j)); });
  }

 private:
  alignas(64) float sums_[retort::kMostReducedColumns];
  int64_t columns_;
};

void relu_forward(int64_t size, const float* input, float* output) {
  for_each_vector(size, [&](int64_t i, auto lanes) {
    lanes.store(output + i, maximum(broadcast(0), lanes.load(input + i, 0)));
  });
}

void relu_backward(int64_t size, const float* output, const float* output_gradient,
                   float* input_gradient) {
  for_each_vector(size, [&](int64_t i, auto lanes) {
    const Vector gradient = lanes.load(output_gradient + i, 0);
    lanes.store(input_gradient + i, keep_where_positive(lanes.load(output + i, 0), gradient));
  });
}

void linear_combination(int64_t size, float a, const float* x, float b, const float* y,
                        float* output) {
  for_each_vector(size, [&](int64_t i, auto lanes) {
    const Vector by = broadcast(b) * lanes.load(y + i, 0);
    lanes.store(output + i, multiply_add(broadcast(a), lanes.load(x + i, 0), by));
  });
}

void add_to_rows(int64_t rows, int64_t columns, const float* row, float* matrix) {
  for_each_tile(rows, columns, [&](int64_t i, int64_t j, auto lanes, auto count) {
    const Vector addend = lanes.load(row + j, 0);
    float* element = matrix + i * columns + j;
    // All loads before the stores: a load right after a masked store beside it would wait for it.
    Vector sum[count.value];
    for (int64_t k = 0; k < count.value; ++k) {
      sum[k] = lanes.load(element + k * columns, 0) + addend;
    }
    for (int64_t k = 0; k < count.value; ++k) lanes.store(element + k * columns, sum[k]);
  });
}

// Of at most kMostReducedColumns columns.
void column_sums(int64_t rows, int64_t columns, int64_t stride, const float* matrix, float* sums) {
  ColumnSums total(columns);
  for_each_tile(rows, columns, [&](int64_t i, int64_t j, auto lanes, auto count) {
    const float* element = matrix + i * stride + j;
    Vector sum = lanes.load(element, 0);
    for (int64_t k = 1; k < count.value; ++k) sum = sum + lanes.load(element + k * stride, 0);
    total.add(j, sum);
  });
  total.copy_to(sums);
}

}  // namespace
