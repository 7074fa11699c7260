// How the columns of a matrix [rows, columns] are worked on where its rows share something: what is added up over
// them, or a vector that each of them meets.
//
// A thread has a quad of columns and every so many rows of a chunk; the threads of a block lie side by side along a
// row, as many as it has quads, up to a warp, and below each other where that leaves some over. Neighbours read
// neighbouring memory, and what belongs to a column is loaded once for many rows. Chunks of rows and blocks of columns
// are cut by shape alone.
#pragma once

#include <cstring>
#include <type_traits>

#include "launch.cuh"
#include "quads.cuh"

namespace retort::cuda {

constexpr int kColumnThreads = 256;

struct ColumnTasks {
  int64_t rows;
  int columns;
  int lanes;            // threads along a row, a power of two
  int blocks_of_chunk;  // blocks side by side
  int64_t rows_per_chunk;
  int64_t chunks;

  int64_t blocks() const { return chunks * blocks_of_chunk; }
};

// At most about `most_blocks`, where a thread has at least `least_rows`.
inline ColumnTasks column_tasks(int64_t rows, int64_t columns, int64_t most_blocks,
                                int64_t least_rows = 8) {
  const int64_t quads = (columns - 1) / kQuad + 1;
  ColumnTasks tasks{rows, static_cast<int>(columns), 1, 1, 0, 0};
  while (tasks.lanes < 32 && tasks.lanes < quads) tasks.lanes *= 2;
  tasks.blocks_of_chunk = static_cast<int>((quads - 1) / tasks.lanes + 1);
  const int64_t rows_at_once = kColumnThreads / tasks.lanes;
  const int64_t most_chunks = std::max<int64_t>(1, most_blocks / tasks.blocks_of_chunk);
  const int64_t needed_rows = std::max(rows / most_chunks + 1, least_rows * rows_at_once);
  tasks.rows_per_chunk = (needed_rows + rows_at_once - 1) / rows_at_once * rows_at_once;
  tasks.chunks = rows / tasks.rows_per_chunk + (rows % tasks.rows_per_chunk != 0);
  return tasks;
}

// One partial result a chunk and column suffices to fill the device.
constexpr int64_t kReductionBlocks = 512;
inline ColumnTasks reduction_tasks(int64_t rows, int64_t columns) {
  return column_tasks(rows, columns, kReductionBlocks);
}

// What writes as much as it reads.
constexpr int64_t kSweepBlocks = 4096;
inline ColumnTasks sweep_tasks(int64_t rows, int64_t columns) {
  return column_tasks(rows, columns, kSweepBlocks);
}

template <int kRows>
struct RowCount {
  static constexpr int value = kRows;
};

// A thread's quad of columns and rows of a chunk.
template <bool kAligned>
class ColumnThread {
 public:
  __device__ explicit ColumnThread(const ColumnTasks& tasks) {
    const unsigned blocks = tasks.blocks_of_chunk;
    chunk_ = blockIdx.x / blocks;
    const unsigned lane = threadIdx.x % tasks.lanes;
    quad_ = {static_cast<int>((blockIdx.x % blocks * tasks.lanes + lane) * kQuad), tasks.columns};
    step_ = kColumnThreads / tasks.lanes;
    const int64_t first = chunk_ * tasks.rows_per_chunk;
    first_row_ = first + threadIdx.x / tasks.lanes;
    const int64_t end = first + tasks.rows_per_chunk;
    end_row_ = end < tasks.rows ? end : tasks.rows;
    if (!quad_.exists()) end_row_ = first_row_;
    leads_ = quad_.exists() && threadIdx.x < static_cast<unsigned>(tasks.lanes);
  }

  __device__ const QuadOfRow<kAligned>& quad() const { return quad_; }
  // Of vectors of one number a column, which may lie anywhere.
  __device__ Quad load_vector(const float* vector) const { return anywhere().load(vector); }
  __device__ void store_vector(float* vector, const Quad& quad) const {
    anywhere().store(vector, quad);
  }
  __device__ int64_t chunk() const { return chunk_; }
  // Whether it is the first of those that share a quad.
  __device__ bool leads() const { return leads_; }

  // Its quad of kRows rows of a matrix without gaps; all loads are under way before the first is used.
  template <int kRows>
  __device__ void load_tile(const float* matrix, int64_t first, int64_t stride,
                            Quad (&tile)[kRows]) const {
#pragma unroll
    for (int k = 0; k < kRows; ++k) tile[k] = quad_.load(matrix + first + k * stride);
  }

  // The thread has every row_step()th row from first_row() to end_row().
  __device__ int64_t first_row() const { return first_row_; }
  __device__ int64_t end_row() const { return end_row_; }
  __device__ int64_t row_step() const { return step_; }

  // body(offset of the first row, offset from one to the next, how many) for the thread's rows, kRows at a time for as
  // long as there are so many.
  template <int kRows, typename Body>
  __device__ void for_each_tile(Body body) const {
    const int64_t stride = step_ * quad_.columns;
    int64_t row = first_row_;
    for (; row + (kRows - 1) * step_ < end_row_; row += kRows * step_) {
      body(row * quad_.columns, stride, RowCount<kRows>{});
    }
    for (; row < end_row_; row += step_) body(row * quad_.columns, stride, RowCount<1>{});
  }

 private:
  __device__ QuadOfRow<false> anywhere() const { return {quad_.column, quad_.columns}; }

  QuadOfRow<kAligned> quad_;
  int64_t chunk_;
  int64_t first_row_;
  int64_t end_row_;
  int64_t step_;
  bool leads_;
};

// Merges what the threads of a block with the same quad found, in a tree; the first of them has the result. A
// structure of 32-bit words with merge(other); word by word beside each other in shared memory, which leaves no two
// threads the same bank.
template <typename Sums>
__device__ Sums merge_rows(const ColumnTasks& tasks, Sums sums) {
  constexpr int kWords = sizeof(Sums) / sizeof(uint32_t);
  auto* const shared = reinterpret_cast<uint32_t*>(dynamic_shared()) + threadIdx.x;
  uint32_t words[kWords];
  for (unsigned count = kColumnThreads / 2; count >= static_cast<unsigned>(tasks.lanes);
       count /= 2) {
    if (threadIdx.x >= count && threadIdx.x < 2 * count) {
      memcpy(words, &sums, sizeof sums);
#pragma unroll
      for (int i = 0; i < kWords; ++i) shared[i * kColumnThreads] = words[i];
    }
    __syncthreads();
    if (threadIdx.x < count) {
#pragma unroll
      for (int i = 0; i < kWords; ++i) words[i] = shared[i * kColumnThreads + count];
      Sums other;
      memcpy(&other, words, sizeof other);
      sums.merge(other);
    }
  }
  return sums;
}

inline LaunchShape sweep_launch(const ColumnTasks& tasks) {
  return {tasks.blocks(), kColumnThreads, 1, 0};
}

// Of a kernel that merges such sums.
template <typename Sums>
LaunchShape reduction_launch(const ColumnTasks& tasks) {
  return {tasks.blocks(), kColumnThreads, 1, sizeof(Sums) * kColumnThreads};
}

// body(alignment, as a type with a value) for matrices of so many columns.
template <typename Body>
retort_status with_alignment(int64_t columns, std::initializer_list<const void*> matrices,
                             Body body) {
  if (are_whole_quads(columns, matrices)) return body(std::true_type{});
  return body(std::false_type{});
}

// Partial results [chunks, columns] are added up by a warp a column, which also spreads what it found.
constexpr int kColumnsPerBlock = kColumnThreads / 32;

inline LaunchShape combination_launch(int columns) {
  return {(columns - 1) / kColumnsPerBlock + 1, kColumnThreads, 1, 0};
}

__device__ inline int combined_column() {
  return static_cast<int>(blockIdx.x * kColumnsPerBlock + threadIdx.x / 32);
}

// The sum over the chunks of value(chunk, place in the partial results), in every lane.
template <typename Value>
__device__ double sum_of_chunks(const ColumnTasks& tasks, int column, Value value) {
  double sum = 0;
  for (int64_t chunk = threadIdx.x % 32; chunk < tasks.chunks; chunk += 32) {
    sum += value(chunk, chunk * tasks.columns + column);
  }
  return Lanes<32>().sum(sum);
}

}  // namespace retort::cuda
