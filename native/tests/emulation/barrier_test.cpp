// Barriers of the block: a right reduction in every order, and wrong ones that are found.
#include "emulation_testing.h"

namespace retort::emulation {
namespace {

enum class Fault { kNone, kFirstBarrier, kSecondBarrier };

// Adds up each block's values twice over the same shared memory, as a kernel does that reduces a
// maximum and then a sum.
template <Fault fault>
__global__ void add_up_twice(const float* values, float* sums) {
  auto* partial = reinterpret_cast<float*>(dynamic_shared());
  const unsigned warps = blockDim.x / 32;
  const unsigned warp = threadIdx.x / 32;
  const unsigned lane = threadIdx.x % 32;
  for (unsigned pass = 0; pass < 2; ++pass) {
    float value = values[blockIdx.x * blockDim.x + threadIdx.x] * static_cast<float>(pass + 1);
    for (int offset = 16; offset > 0; offset /= 2) {
      value += __shfl_xor_sync(0xffffffff, value, offset);
    }
    if (lane == 0) partial[warp] = value;
    if (fault != Fault::kFirstBarrier) __syncthreads();
    float sum = 0;
    for (unsigned i = 0; i < warps; ++i) sum += partial[i];
    if (fault != Fault::kSecondBarrier) __syncthreads();
    sums[(blockIdx.x * 2 + pass) * blockDim.x + threadIdx.x] = sum;
  }
}

template <Fault fault>
bool is_right() {
  const unsigned blocks = 3;
  const unsigned threads = 128;
  std::vector<float> values(blocks * threads);
  for (unsigned i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 97);
  std::vector<float> sums(2 * blocks * threads);
  launch({blocks, threads, 1, threads / 32 * sizeof(float)}, add_up_twice<fault>, values.data(),
         sums.data());
  for (unsigned block = 0; block < blocks; ++block) {
    float expected = 0;
    for (unsigned i = 0; i < threads; ++i) expected += values[block * threads + i];
    for (unsigned i = 0; i < threads; ++i) {
      if (sums[block * 2 * threads + i] != expected) return false;
      if (sums[(block * 2 + 1) * threads + i] != 2 * expected) return false;
    }
  }
  return true;
}

TEST(Barrier, AReductionIsRightInEveryOrder) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    EXPECT_TRUE(is_right<Fault::kNone>()) << order.name();
  }
}

TEST(Barrier, AMissingBarrierGivesAWrongResultInEveryOrder) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    EXPECT_FALSE(is_right<Fault::kFirstBarrier>()) << order.name();
    EXPECT_FALSE(is_right<Fault::kSecondBarrier>()) << order.name();
  }
}

__global__ void leave_early(unsigned first, int* out) {
  if (threadIdx.x >= first) return;
  __syncthreads();
  out[threadIdx.x] = 1;
  __syncthreads();
}

TEST(Barrier, AThreadThatHasEndedCountsAsArrived) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    for (const unsigned first : {1U, 32U, 40U, 96U}) {
      std::vector<int> out(128);
      launch({1, 128}, leave_early, first, out.data());
      for (unsigned i = 0; i < 128; ++i) EXPECT_EQ(out[i], i < first ? 1 : 0);
    }
  }
}

// NOLINTBEGIN(bugprone-branch-clone): two barriers are not one.
__global__ void diverge_in_the_warp() {
  if (threadIdx.x % 32 < 12) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

__global__ void diverge_in_the_block() {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}
// NOLINTEND(bugprone-branch-clone)

TEST(Barrier, ThreadsAtDifferentBarriersAreNamed) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    const std::string in_warp = diagnosis({1, 32}, diverge_in_the_warp);
    EXPECT_DIAGNOSIS(in_warp, "warp 0, lanes 0-11: wait at the barrier at barrier_test.cpp:");
    EXPECT_DIAGNOSIS(in_warp, "and lanes 12-31 at the one at barrier_test.cpp:");
    const std::string in_block = diagnosis({1, 64}, diverge_in_the_block);
    EXPECT_DIAGNOSIS(in_block, "warp 0: waits at the barrier at barrier_test.cpp:");
    EXPECT_DIAGNOSIS(in_block, "warp 1 waits at the one at barrier_test.cpp:");
  }
}

__global__ void mix_barriers_in_the_warp() {
  if (threadIdx.x == 3) {
    sync_cluster();
  } else {
    __syncthreads();
  }
}

TEST(Barrier, LanesAtTheBlockAndAtTheClusterAreNamed) {
  EXPECT_DIAGNOSIS(diagnosis({1, 32}, mix_barriers_in_the_warp), "and lane 3 at the one at");
}

}  // namespace
}  // namespace retort::emulation
