// What linear distillation does to a chunk beside products and the loss. Bytes are those of a matrix of logits where a
// layer has a bias, read and written, or where the gradient on the student's is asked for, read; the hidden states
// are read and written where some rows may not count. A block has a row, or 32 columns of all rows.
#pragma once

#include "arch.cuh"
#include "parameters.h"
#include "row_label.cuh"

namespace retort::cuda {

constexpr int kLinearThreads = 256;

template <typename Element>
struct BiasParameters {
  int classes;
  int64_t stride;
  const float* bias;
  float scale;
  bool accumulate;
  Element* logits;
};

// logits = scale * bias in every row, plus what is there where it accumulates: what a product is added to.
template <typename Element>
__global__ void __launch_bounds__(kLinearThreads)
    start_from_bias(const __grid_constant__ BiasParameters<Element> a) {
  Element* const row = a.logits + static_cast<int64_t>(blockIdx.x) * a.stride;
  for (int j = static_cast<int>(threadIdx.x); j < a.classes; j += kLinearThreads) {
    const float before = a.accumulate ? to_float(row[j]) : 0;
    from_float(before + a.scale * a.bias[j], &row[j]);
  }
}

template <typename Element>
struct HiddenParameters {
  DistillationParameters rows;
  int hidden_size;
  const Element* hidden;
  int64_t stride;
  Element* kept;  // without gaps
};

// The hidden states of the rows that count, and 0 for the others: their gradient is 0, but 0 times an infinity or
// a NaN is not.
template <typename Element>
__global__ void __launch_bounds__(kLinearThreads)
    keep_rows_that_count(const __grid_constant__ HiddenParameters<Element> a) {
  const int64_t row = blockIdx.x;
  const bool counts = RowLabel(a.rows, row).weight != 0;
  for (int h = static_cast<int>(threadIdx.x); h < a.hidden_size; h += kLinearThreads) {
    Element& kept = a.kept[row * a.hidden_size + h];
    if (counts) {
      kept = a.hidden[row * a.stride + h];
    } else {
      from_float(0, &kept);
    }
  }
}

template <typename Element>
struct ColumnSumsParameters {
  int64_t rows;
  int classes;
  int64_t stride;
  const Element* matrix;
  bool accumulate;
  float* sums;
};

// sums = the sums of the columns, plus what is there where it accumulates: a warp adds every eighth row, and the
// first warp the others' sums in their order.
template <typename Element>
__global__ void __launch_bounds__(kLinearThreads)
    sum_columns(const __grid_constant__ ColumnSumsParameters<Element> a) {
  constexpr int kWarps = kLinearThreads / 32;
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int column = static_cast<int>(blockIdx.x) * 32 + lane;
  auto* const of_warps = reinterpret_cast<float*>(dynamic_shared());
  float sum = 0;
  if (column < a.classes) {
    for (int64_t row = warp; row < a.rows; row += kWarps)
      sum += to_float(a.matrix[row * a.stride + column]);
  }
  of_warps[threadIdx.x] = sum;
  __syncthreads();
  if (warp > 0 || column >= a.classes) return;
  for (int other = 1; other < kWarps; ++other) sum += of_warps[other * 32 + lane];
  a.sums[column] = a.accumulate ? a.sums[column] + sum : sum;
}

struct ZerosParameters {
  int64_t columns;
  int64_t stride;
  float* matrix;
};

static __global__ void __launch_bounds__(kLinearThreads)
    write_zero_rows(const __grid_constant__ ZerosParameters a) {
  float* const row = a.matrix + static_cast<int64_t>(blockIdx.x) * a.stride;
  for (int64_t j = threadIdx.x; j < a.columns; j += kLinearThreads) row[j] = 0;
}

}  // namespace retort::cuda
