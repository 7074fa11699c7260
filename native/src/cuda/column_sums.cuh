// What each row of a matrix has in common with the others: their sum, or a vector to be added to all.
//
//   column sums   s[c] = sum_r m[r, c]
//   add to rows   m[r, c] += row[c]
//
// Bytes: column sums read the matrix once; every chunk of rows leaves a partial sum of each column, which a second
// launch adds up in double. Adding to rows reads and writes the matrix once.
#pragma once

#include "columns.cuh"

namespace retort::cuda {

struct ColumnSumsParameters {
  ColumnTasks tasks;
  const float* matrix;
  float* partial;  // [chunks, columns]
  float* sums;
};

struct QuadSum {
  float values[kQuad];

  __device__ void merge(const QuadSum& other) {
#pragma unroll
    for (int i = 0; i < kQuad; ++i) values[i] += other.values[i];
  }
};

template <bool kAligned>
__global__ void __launch_bounds__(kColumnThreads)
    partial_column_sums(const __grid_constant__ ColumnSumsParameters a) {
  const ColumnThread<kAligned> thread(a.tasks);
  QuadSum sum{};
  thread.template for_each_tile<8>([&](int64_t first, int64_t stride, auto count) {
    constexpr int kRows = decltype(count)::value;
    Quad loaded[kRows];
    thread.load_tile(a.matrix, first, stride, loaded);
#pragma unroll
    for (int i = 0; i < kQuad; ++i) {
      float tile = loaded[0].at(i);
#pragma unroll
      for (int k = 1; k < kRows; ++k) tile += loaded[k].at(i);
      sum.values[i] += tile;
    }
  });
  sum = merge_rows(a.tasks, sum);
  if (!thread.leads()) return;
  thread.store_vector(a.partial + thread.chunk() * a.tasks.columns,
                      quad_of([&](int i) { return sum.values[i]; }));
}

__global__ void __launch_bounds__(kColumnThreads)
    combined_column_sums(const __grid_constant__ ColumnSumsParameters a) {
  const int column = combined_column();
  if (column >= a.tasks.columns) return;
  const double sum =
      sum_of_chunks(a.tasks, column, [&](int64_t, int64_t place) { return a.partial[place]; });
  if (threadIdx.x % 32 == 0) a.sums[column] = static_cast<float>(sum);
}

struct AddToRowsParameters {
  ColumnTasks tasks;
  const float* row;
  float* matrix;
};

template <bool kAligned>
__global__ void __launch_bounds__(kColumnThreads)
    add_to_rows(const __grid_constant__ AddToRowsParameters a) {
  const ColumnThread<kAligned> thread(a.tasks);
  if (!thread.quad().exists()) return;
  const Quad addend = thread.load_vector(a.row);
  thread.template for_each_tile<4>([&](int64_t first, int64_t stride, auto count) {
    constexpr int kRows = decltype(count)::value;
    Quad loaded[kRows];
    thread.load_tile(a.matrix, first, stride, loaded);
#pragma unroll
    for (int k = 0; k < kRows; ++k) {
      thread.quad().store(a.matrix + first + k * stride,
                          quad_of([&](int i) { return loaded[k].at(i) + addend.at(i); }));
    }
  });
}

}  // namespace retort::cuda
