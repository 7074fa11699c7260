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

#include "column_panels.h"
#include "kernels.h"
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
    float* element = matrix + i * columns + j;
    // All loads before the stores: a load right after a masked store beside it would wait for it.
    Vector sum[count.value];
    for (int64_t k = 0; k < count.value; ++k) {
      sum[k] = lanes.load(element + k * columns, 0) + addend;
    }
    for (int64_t k = 0; k < count.value; ++k) lanes.store(element + k * columns, sum[k]);
  });
}

void column_sums(int64_t rows, int64_t columns, int64_t stride, const float* matrix, float* sums) {
  for_each_vector(columns, [&](int64_t j, auto lanes) { lanes.store(sums + j, broadcast(0)); });
  for_each_panel(rows, columns, [&](int64_t j, auto lanes, int64_t first, int64_t end) {
    const auto sum = sum_over_rows<1>(first, end, [&](int64_t i, Vector* total) {
      total[0] = total[0] + lanes.load(matrix + i * stride + j, 0);
    });
    lanes.store(sums + j, lanes.load(sums + j, 0) + sum.of[0]);
  });
}

}  // namespace
