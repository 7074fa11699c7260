// Barriers of the block: a right reduction in every order, and wrong ones that are found.
#include "emulation_testing.h"

namespace retort::emulation {
namespace {

enum class Fault { kNone, kFirstBarrier, kSecondBarrier };

// Adds up each block's values twice over the same shared memory, as a kernel does that reduces a maximum and then a sum.
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

}  // namespace
}  // namespace retort::emulation
