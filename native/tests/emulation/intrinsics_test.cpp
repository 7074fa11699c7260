// The functions of one thread: bits, rounding, aligned accesses, atomic additions.
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "emulation_testing.h"

namespace retort::emulation {
namespace {

TEST(Intrinsics, BitsAreWhatCudaSays) {
  EXPECT_EQ(__float_as_uint(-1.5F), 0xBFC00000U);
  EXPECT_EQ(__uint_as_float(0x7F800000U), std::numeric_limits<float>::infinity());
  EXPECT_EQ(__popc(0xF0F00001U), 9);
  EXPECT_EQ(__clz(0), 32);
  EXPECT_EQ(__clz(1), 31);
  EXPECT_EQ(__clz(-1), 0);
  EXPECT_EQ(__ffs(0), 0);
  EXPECT_EQ(__ffs(8), 4);
  EXPECT_EQ(__funnelshift_r(0x11223344U, 0x55667788U, 0), 0x11223344U);
  EXPECT_EQ(__funnelshift_r(0x11223344U, 0x55667788U, 8), 0x88112233U);
  EXPECT_EQ(__funnelshift_r(0x11223344U, 0x55667788U, 32), 0x11223344U);
}

TEST(Intrinsics, AFusedMultiplicationRoundsOnce) {
  const float x = 1 + std::numeric_limits<float>::epsilon();
  const float square = x * x;
  EXPECT_EQ(__fmaf_rn(x, x, -square), std::ldexp(1.0F, -46));
  EXPECT_EQ(__frcp_rn(3), 1.0F / 3);
}

__global__ void copy_vectors(const float* from, float* to) {
  const float4 v = __ldcs(reinterpret_cast<const float4*>(from));
  __stcs(reinterpret_cast<float4*>(to), make_float4(v.w, v.z, v.y, v.x));
}

__global__ void load_vector(const float* from) { __ldg(reinterpret_cast<const uint4*>(from)); }

TEST(Intrinsics, AMisalignedVectorIsNamed) {
  alignas(16) const float values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  alignas(16) float results[8] = {};
  const float* from = values;
  float* to = results;
  launch({1, 1}, copy_vectors, from + 4, to);
  EXPECT_EQ(to[0], 8);
  EXPECT_EQ(to[3], 5);
  EXPECT_DIAGNOSIS(diagnosis({1, 1}, copy_vectors, from + 1, to),
                   "block (0,0,0), warp 0, lane 0: __ldcs at intrinsics_test.cpp:");
  EXPECT_DIAGNOSIS(diagnosis({1, 1}, copy_vectors, from, to + 2), "__stcs at");
  EXPECT_DIAGNOSIS(diagnosis({1, 1}, load_vector, from + 3), "__ldg at");
}

template <typename T>
__global__ void count(T* counter, T* before) {
  before[blockIdx.x * blockDim.x + threadIdx.x] = atomicAdd(counter, T{1});
}

template <typename T>
void expect_count() {
  T counter = 5;
  std::vector<T> before(4 * 64);
  launch({4, 64}, count<T>, &counter, before.data());
  EXPECT_EQ(counter, T{5 + 4 * 64});
  std::vector<bool> seen(before.size());
  for (const T value : before) seen[static_cast<size_t>(value) - 5] = true;
  for (const bool one : seen) EXPECT_TRUE(one);
}

TEST(Intrinsics, AnAtomicAdditionReturnsWhatWasThere) {
  expect_count<int>();
  expect_count<unsigned>();
  expect_count<unsigned long long>();
  expect_count<float>();
  expect_count<double>();
}

__global__ void count_many(double* counter) {
  for (int i = 0; i < 1000; ++i) atomicAdd(counter, 1.0);
}

TEST(Intrinsics, AtomicAdditionsOfTwoLaunchesAtOnceAllCount) {
  double counter = 0;
  std::atomic<int> ready{0};
  std::vector<std::thread> hosts;
  for (int host = 0; host < 2; ++host) {
    hosts.emplace_back([&] {
      ++ready;
      while (ready < 2) std::this_thread::yield();
      launch({8, 128}, count_many, &counter);
    });
  }
  for (std::thread& host : hosts) host.join();
  EXPECT_EQ(counter, 2.0 * 8 * 128 * 1000);
}

}  // namespace
}  // namespace retort::emulation
