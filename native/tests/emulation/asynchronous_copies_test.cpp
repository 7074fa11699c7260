// Asynchronous copies: made at the wait of their thread and not before.
#include <cmath>

#include "emulation_testing.h"

namespace retort::emulation {
namespace {

enum class Fault { kNone, kWait, kBarrier, kEarlyIssue };

constexpr unsigned kThreads = 64;
constexpr unsigned kTile = 4 * kThreads;

// Adds up tiles of values; while one is added, the next is on its way into the other half of the
// memory.
template <Fault fault>
__global__ void add_up_tiles(const float* values, unsigned tiles, float* sums) {
  auto* buffer = reinterpret_cast<float*>(dynamic_shared());
  const auto fetch = [&](unsigned tile) {
    float* place = buffer + tile % 2 * kTile + threadIdx.x * 4;
    if (tile < tiles) copy_async(place, values + tile * kTile + threadIdx.x * 4, 16, 16);
    commit_copies();
  };
  float sum = 0;
  fetch(0);
  for (unsigned tile = 0; tile < tiles; ++tile) {
    if (fault != Fault::kEarlyIssue) __syncthreads();
    fetch(tile + 1);
    wait_copies(fault == Fault::kWait ? 2 : 1);
    if (fault != Fault::kBarrier) __syncthreads();
    for (unsigned i = 0; i < kTile; ++i) sum += buffer[tile % 2 * kTile + i];
  }
  wait_copies(0);
  sums[threadIdx.x] = sum;
}

template <Fault fault>
bool is_right() {
  const unsigned tiles = 5;
  std::vector<float> values(tiles * kTile);
  float expected = 0;
  for (unsigned i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i % 31);
    expected += values[i];
  }
  std::vector<float> sums(kThreads);
  launch({1, kThreads, 1, 2 * kTile * sizeof(float)}, add_up_tiles<fault>, values.data(), tiles,
         sums.data());
  for (const float sum : sums) {
    if (sum != expected) return false;
  }
  return true;
}

TEST(AsynchronousCopies, APipelineIsRightInEveryOrder) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    EXPECT_TRUE(is_right<Fault::kNone>()) << order.name();
  }
}

TEST(AsynchronousCopies, AMissingWaitOrBarrierGivesAWrongResultInEveryOrder) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    EXPECT_FALSE(is_right<Fault::kWait>()) << order.name();
    EXPECT_FALSE(is_right<Fault::kBarrier>()) << order.name();
    EXPECT_FALSE(is_right<Fault::kEarlyIssue>()) << order.name();
  }
}

__global__ void wait_for_all_but(unsigned pending, const float* from, float* out) {
  auto* shared = reinterpret_cast<float*>(dynamic_shared());
  for (unsigned i = 0; i < 4; ++i) {
    copy_async(shared + i, from + i, 4, 4);
    commit_copies();
  }
  wait_copies(pending);
  for (unsigned i = 0; i < 4; ++i) out[i] = shared[i];
  wait_copies(0);
}

TEST(AsynchronousCopies, AWaitMakesTheOldestGroupsAndLeavesTheOthers) {
  const std::vector<float> from = {1, 2, 3, 4};
  for (unsigned pending = 0; pending <= 5; ++pending) {
    std::vector<float> out(4);
    launch({1, 1, 1, 16}, wait_for_all_but, pending, from.data(), out.data());
    for (unsigned i = 0; i < 4; ++i) {
      EXPECT_EQ(out[i] == from[i], i + pending < 4) << pending << " pending, copy " << i;
      EXPECT_EQ(std::isnan(out[i]), i + pending >= 4);
    }
  }
}

__global__ void never_wait(const float* from) {
  copy_async(dynamic_shared(), from, 4, 4);
  commit_copies();
}

TEST(AsynchronousCopies, ACopyThatNobodyWaitedForIsNamed) {
  const float from = 1;
  EXPECT_DIAGNOSIS(diagnosis({1, 1, 1, 4}, never_wait, &from),
                   "ended without waiting for its copy at asynchronous_copies_test.cpp:");
}

__global__ void copy_part(const unsigned char* from, unsigned bytes, unsigned source_bytes,
                          unsigned char* out) {
  unsigned char* shared = dynamic_shared();
  copy_async(shared, from, bytes, source_bytes);
  commit_copies();
  wait_copies(0);
  for (unsigned i = 0; i < 16; ++i) out[i] = shared[i];
}

TEST(AsynchronousCopies, BytesBeyondTheSourceBecomeZero) {
  alignas(16) unsigned char from[16];
  for (unsigned i = 0; i < 16; ++i) from[i] = static_cast<unsigned char>(i + 1);
  for (const unsigned bytes : {4U, 8U, 16U}) {
    for (unsigned source_bytes = 0; source_bytes <= bytes; ++source_bytes) {
      std::vector<unsigned char> out(16);
      launch({1, 1, 1, 16}, copy_part, from, bytes, source_bytes, out.data());
      for (unsigned i = 0; i < 16; ++i) {
        EXPECT_EQ(out[i], i < source_bytes ? i + 1 : i < bytes ? 0U : 0xFFU);
      }
    }
  }
}

__global__ void copy_with(std::ptrdiff_t to, const unsigned char* from, unsigned bytes,
                          unsigned source_bytes) {
  copy_async(dynamic_shared() + to, from, bytes, source_bytes);
}

TEST(AsynchronousCopies, AWrongSizeAddressOrPlaceIsNamed) {
  alignas(16) unsigned char from[32] = {};
  const Launch shape{1, 1, 1, 64};
  const std::ptrdiff_t start = 0;
  EXPECT_DIAGNOSIS(diagnosis(shape, copy_with, start, from, 12U, 12U), "must have 4, 8 or 16");
  EXPECT_DIAGNOSIS(diagnosis(shape, copy_with, start, from, 4U, 5U), "reads 5 of 4 bytes");
  EXPECT_DIAGNOSIS(diagnosis(shape, copy_with, start, from + 8, 16U, 16U), "no multiple of its 16");
  EXPECT_DIAGNOSIS(diagnosis(shape, copy_with, start + 4, from, 8U, 8U), "no multiple of its 8");
  EXPECT_DIAGNOSIS(diagnosis(shape, copy_with, start + 64, from, 16U, 16U),
                   "outside the shared memory");
}

}  // namespace
}  // namespace retort::emulation
