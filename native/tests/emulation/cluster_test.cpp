// Clusters: blocks that read each other's shared memory, and what happens when one ends too early.
#include <cmath>

#include "emulation_testing.h"

namespace retort::emulation {
namespace {

enum class Fault { kNone, kFirstBarrier, kLastBarrier };

// Every block publishes a number, and adds up those of its cluster.
template <Fault fault>
__global__ void add_up_cluster(float* sums) {
  auto* own = reinterpret_cast<float*>(dynamic_shared());
  sync_cluster();
  if (threadIdx.x == 0) *own = static_cast<float>(blockIdx.x + 1);
  if (fault != Fault::kFirstBarrier) sync_cluster();
  float sum = 0;
  for (unsigned rank = 0; rank < cluster_blocks(); ++rank) {
    sum += *static_cast<const float*>(shared_of_block(own, rank));
  }
  if (fault != Fault::kLastBarrier) sync_cluster();
  sums[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}

TEST(Cluster, BlocksReadEachOthersMemoryInEveryOrder) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    for (const unsigned size : {1U, 2U, 8U, 16U}) {
      std::vector<float> sums(32 * 64);
      launch({32, 64, size, 4}, add_up_cluster<Fault::kNone>, sums.data());
      for (unsigned i = 0; i < sums.size(); ++i) {
        const unsigned first = i / 64 / size * size;
        const unsigned expected = size * (first + 1) + size * (size - 1) / 2;
        EXPECT_EQ(sums[i], static_cast<float>(expected)) << order.name() << " " << size;
      }
    }
  }
}

TEST(Cluster, AMemoryReadBeforeItsBlockWroteItHoldsNaNs) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    std::vector<float> sums(4 * 32);
    launch({4, 32, 4, 4}, add_up_cluster<Fault::kFirstBarrier>, sums.data());
    bool all_right = true;
    for (const float sum : sums) all_right &= sum == 10;
    EXPECT_FALSE(all_right) << order.name();
  }
}

TEST(Cluster, AReachIntoABlockThatHasEndedIsNamed) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    std::vector<float> sums(4 * 32);
    const std::string text =
        diagnosis({4, 32, 4, 4}, add_up_cluster<Fault::kLastBarrier>, sums.data());
    EXPECT_DIAGNOSIS(text, "reaches into the shared memory of block (");
    EXPECT_DIAGNOSIS(text, "which has ended");
  }
}

// Every block writes to the others before they are known to run.
__global__ void greet_too_early(bool writes, float* out) {
  auto* own = reinterpret_cast<volatile float*>(dynamic_shared());
  for (unsigned rank = 0; rank < cluster_blocks(); ++rank) {
    auto* there = static_cast<volatile float*>(shared_of_block(dynamic_shared(), rank));
    if (writes) there[cluster_rank()] = 1;
    out[rank] = there[0];
  }
  sync_cluster();
  out[cluster_rank()] = own[0];
}

TEST(Cluster, AMemoryReachedBeforeItsBlockBeganIsFound) {
  const Launch shape{4, 1, 4, 4 * sizeof(float)};
  std::vector<float> out(4);
  if (kAddressSanitizer) {
    EXPECT_DEATH(launch(shape, greet_too_early, false, out.data()), "use-after-poison");
    EXPECT_DEATH(launch(shape, greet_too_early, true, out.data()), "use-after-poison");
    return;
  }
  for (const Order& order : orders()) {
    const InOrder scope(order);
    EXPECT_DIAGNOSIS(diagnosis(shape, greet_too_early, true, out.data()),
                     "of its shared memory before the block began");
  }
}

// Block 1 keeps the address of block 0's memory beyond the life of block 0.
__global__ void use_a_late_address(bool writes, float* out) {
  auto* own = reinterpret_cast<volatile float*>(dynamic_shared());
  auto* first = static_cast<volatile float*>(shared_of_block(dynamic_shared(), 0));
  if (threadIdx.x == 0) *own = 1;
  sync_cluster();
  if (cluster_rank() == 0) return;
  sync_cluster();
  if (writes) *first = 2;
  out[threadIdx.x] = *first;
}

TEST(Cluster, AnAddressKeptTooLongIsFound) {
  std::vector<float> out(32);
  const Launch shape{2, 32, 2, 4};
  if (kAddressSanitizer) {
    EXPECT_DEATH(launch(shape, use_a_late_address, false, out.data()), "use-after-poison");
    EXPECT_DEATH(launch(shape, use_a_late_address, true, out.data()), "use-after-poison");
    return;
  }
  launch(shape, use_a_late_address, false, out.data());
  for (const float value : out) EXPECT_TRUE(std::isnan(value));
  EXPECT_DIAGNOSIS(diagnosis(shape, use_a_late_address, true, out.data()),
                   "of its shared memory after the block had ended");
}

__global__ void name_places(unsigned* ranks, unsigned* sizes) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  ranks[block] = cluster_rank();
  sizes[block] = cluster_blocks();
}

TEST(Cluster, ItsBlocksAreNeighboursAlongX) {
  std::vector<unsigned> ranks(6 * 2 * 2);
  std::vector<unsigned> sizes(ranks.size());
  launch({dim3(6, 2, 2), 1, 3}, name_places, ranks.data(), sizes.data());
  for (unsigned block = 0; block < ranks.size(); ++block) {
    EXPECT_EQ(ranks[block], block % 3);
    EXPECT_EQ(sizes[block], 3U);
  }
}

__global__ void wait_at_two_barriers() {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    sync_cluster();
  }
}

TEST(Cluster, WarpsThatWaitAtTheBlockAndAtTheClusterAreADeadlock) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    const std::string text = diagnosis({2, 64, 2}, wait_at_two_barriers);
    EXPECT_DIAGNOSIS(text, "warp 0: deadlock: waits at the barrier of the block at cluster_test");
    EXPECT_DIAGNOSIS(text, "warp 1 waits at the barrier of the cluster at cluster_test.cpp:");
  }
}

__global__ void ask_for_block(unsigned rank) { shared_of_block(dynamic_shared(), rank); }
__global__ void ask_for_address(void* address) { shared_of_block(address, 0); }

TEST(Cluster, AnAddressOrARankThatIsNotThereIsNamed) {
  EXPECT_DIAGNOSIS(diagnosis({2, 32, 2, 16}, ask_for_block, 2U), "block 2 of a cluster of 2");
  int elsewhere = 0;
  EXPECT_DIAGNOSIS(diagnosis({2, 32, 2, 16}, ask_for_address, &elsewhere),
                   "outside the shared memory of its block");
}

}  // namespace
}  // namespace retort::emulation
