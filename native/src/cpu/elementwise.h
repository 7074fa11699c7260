// Operations on one element at a time, and sums over the rows of a matrix.
//
//   relu                y = max(0, x)            gradient: dx = dy where y > 0, else 0
//   linear combination  z = a * x + b * y
//   add to rows         m[r, c] += row[c]
//   column sums         s[c] = sum_r m[r, c]
//
// Bytes: each input read once, each output written once; column sums read the matrix once and write
// next to nothing. A vector holds neighbouring elements, a task a run of them or of rows. Sums live
// in the first-level cache and are fetched once for four rows, which are first added to each other.
#pragma once

#include "vector.h"

namespace {

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
    for (int64_t k = 0; k < count.value; ++k) {
      float* element = matrix + (i + k) * columns + j;
      lanes.store(element, lanes.load(element, 0) + addend);
    }
  });
}

void column_sums(int64_t rows, int64_t columns, int64_t stride, const float* matrix, float* sums) {
  for (int64_t j = 0; j < columns; ++j) sums[j] = 0;
  for_each_tile(rows, columns, [&](int64_t i, int64_t j, auto lanes, auto count) {
    const float* element = matrix + i * stride + j;
    Vector sum = lanes.load(element, 0);
    for (int64_t k = 1; k < count.value; ++k) sum = sum + lanes.load(element + k * stride, 0);
    lanes.store(sums + j, lanes.load(sums + j, 0) + sum);
  });
}

}  // namespace
