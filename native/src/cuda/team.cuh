// A team: the threads that share a row, and how they add up what each of them found.
//
// What is added up is a structure of the caller's with
//
//   neutral()          one that changes nothing
//   merge(other)       adds another thread's
//   combine(lanes)     adds those of all lanes, so that every lane has the same bits
//
// The order in which a row's threads are added depends on the team alone, never on the row, the batch or the
// grid.
#pragma once

#include "arch.cuh"

namespace retort::cuda {

// `kWidth` neighbouring lanes of a warp. A butterfly adds the same two numbers in both lanes of a pair, so
// all lanes end with the same bits.
template <int kWidth>
class Lanes {
 public:
  __device__ Lanes() {
    const unsigned first = threadIdx.x % 32 / kWidth * kWidth;
    mask_ = (kWidth == 32 ? 0xffffffffu : (1u << kWidth % 32) - 1) << first;
  }

  __device__ float max(float x) const {
#pragma unroll
    for (int offset = kWidth / 2; offset > 0; offset /= 2) {
      x = fmaxf(x, __shfl_xor_sync(mask_, x, offset));
    }
    return x;
  }

  template <typename T>
  __device__ T sum(T x) const {
#pragma unroll
    for (int offset = kWidth / 2; offset > 0; offset /= 2) {
      x += __shfl_xor_sync(mask_, x, offset);
    }
    return x;
  }

 private:
  unsigned mask_;
};

// Lanes of one warp; a block has several such teams, each with a row of its own.
template <int kWidth>
class WarpTeam {
 public:
  static constexpr int kThreads = 128;  // of a block
  static constexpr int kMostCluster = 1;
  static constexpr int kRowsPerBlock = kThreads / kWidth;
  static constexpr int kThreadsPerRow = kWidth;

  __device__ int rank() const { return threadIdx.x % kWidth; }
  __device__ int size() const { return kWidth; }
  __device__ int64_t first_row() const {
    return static_cast<int64_t>(blockIdx.x) * kRowsPerBlock + threadIdx.x / kWidth;
  }
  __device__ int64_t rows_at_once() const {
    return static_cast<int64_t>(gridDim.x) * kRowsPerBlock;
  }
  static size_t shared_bytes(unsigned, size_t) { return 0; }
  // Memory that all threads of the block see; rows of one tile need none.
  __device__ void* shared() const { return nullptr; }
  __device__ void sync() const {}

  template <typename Sums>
  __device__ Sums reduce(Sums sums) {
    sums.combine(lanes_);
    return sums;
  }

 private:
  Lanes<kWidth> lanes_;
};

// The threads of a block, or those of a cluster of blocks. Each warp's sum goes to a slot in the shared memory of
// every block of the cluster; one barrier later each warp adds up the slots. Two sets of slots take turns,
// so a set is written again only when a barrier has shown that it was read.
template <int kBlockThreads>
class BlockTeam {
 public:
  static constexpr int kThreads = kBlockThreads;
  static constexpr int kMostCluster = 16;
  static constexpr int kRowsPerBlock = 1;
  static constexpr int kThreadsPerRow = kThreads;
  static constexpr int kWarps = kThreads / 32;
  static constexpr int kSlotBytes = 32;

  __device__ BlockTeam() : blocks_(cluster_blocks()), block_(cluster_rank()) {
    // A block's memory may be written from the others once it runs.
    if (blocks_ > 1) sync_cluster();
  }

  __device__ int rank() const { return block_ * kThreads + threadIdx.x; }
  __device__ int size() const { return blocks_ * kThreads; }
  __device__ int64_t first_row() const { return blockIdx.x / blocks_; }
  __device__ int64_t rows_at_once() const { return gridDim.x / blocks_; }
  // The slots, and `more` bytes behind them.
  static size_t shared_bytes(unsigned cluster, size_t more) {
    return 2 * static_cast<size_t>(kSlotBytes) * kWarps * cluster + more;
  }
  __device__ void* shared() const { return dynamic_shared() + 2 * kSlotBytes * kWarps * blocks_; }
  __device__ void sync() const { __syncthreads(); }

  template <typename Sums>
  __device__ Sums reduce(Sums sums) {
    static_assert(sizeof(Sums) <= kSlotBytes, "a slot holds a warp's sums");
    const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const unsigned slots = blocks_ * kWarps;
    sums.combine(lanes_);
    unsigned char* const memory = dynamic_shared() + turn_ * slots * kSlotBytes;
    turn_ ^= 1;
    auto* const own = memory + (block_ * kWarps + warp) * kSlotBytes;
    if (blocks_ == 1) {
      if (lane == 0) *reinterpret_cast<Sums*>(own) = sums;
      __syncthreads();
    } else {
      if (lane < blocks_) *reinterpret_cast<Sums*>(shared_of_block(own, lane)) = sums;
      sync_cluster();
    }
    Sums all = sums.neutral();
    for (unsigned slot = lane; slot < slots; slot += 32) {
      all.merge(*reinterpret_cast<const Sums*>(memory + slot * kSlotBytes));
    }
    all.combine(lanes_);
    return all;
  }

 private:
  Lanes<32> lanes_;
  unsigned blocks_;
  unsigned block_;
  unsigned turn_ = 0;
};

}  // namespace retort::cuda
