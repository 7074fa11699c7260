// Launches: every thread runs once with its own place, in the order that is set; limits and
// failures.
#include <atomic>
#include <memory>
#include <thread>

#include "emulation_testing.h"

namespace retort::emulation {
namespace {

__global__ void count_visits(int* visits) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  ++visits[block * (blockDim.x * blockDim.y * blockDim.z) + thread];
}

TEST(Launch, EveryThreadRunsOnceAtItsOwnPlace) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    std::vector<int> visits(3 * 2 * 2 * 10 * 3 * 2);
    launch({dim3(3, 2, 2), dim3(10, 3, 2)}, count_visits, visits.data());
    for (const int count : visits) EXPECT_EQ(count, 1);
  }
}

__global__ void note_turn(int* turn, int* turns) {
  turns[blockIdx.x * blockDim.x + threadIdx.x] = (*turn)++;
}

std::vector<int> turns_in(const Order& order) {
  const InOrder scope(order);
  int turn = 0;
  std::vector<int> turns(4 * 64);
  launch({4, 64}, note_turn, &turn, turns.data());
  return turns;
}

TEST(Launch, TheOrderIsTheOneSet) {
  const std::vector<int> forward = turns_in(Order::forward());
  const std::vector<int> reversed = turns_in(Order::reversed());
  for (int i = 0; i < 4 * 64; ++i) {
    EXPECT_EQ(forward[static_cast<size_t>(i)], i);
    EXPECT_EQ(reversed[static_cast<size_t>(i)], 4 * 64 - 1 - i);
  }
  EXPECT_EQ(turns_in(Order::random(1)), turns_in(Order::random(1)));
  EXPECT_NE(turns_in(Order::random(1)), turns_in(Order::random(2)));
  EXPECT_NE(turns_in(Order::random(1)), forward);
}

TEST(Launch, AnOrderIsReadAsItIsWritten) {
  for (const Order& order : orders()) EXPECT_EQ(Order::parse(order.name()).name(), order.name());
  EXPECT_EQ(Order::parse("random:18446744073709").seed, 18446744073709U);
  for (const char* text : {"", "backward", "random", "random:", "random:-1", "random:1x",
                           "random:99999999999999999999", "Forward"}) {
    EXPECT_THROW(Order::parse(text), Error) << text;
  }
}

__global__ void nothing() {}

TEST(Launch, AShapeThatNoDeviceRunsIsRefused) {
  EXPECT_DIAGNOSIS(diagnosis({0, 32}, nothing), "a grid of (0,1,1)");
  EXPECT_DIAGNOSIS(diagnosis({dim3(1, 65536), 32}, nothing), "a grid of");
  EXPECT_DIAGNOSIS(diagnosis({1, 0}, nothing), "a block of (0,1,1)");
  EXPECT_DIAGNOSIS(diagnosis({1, 1025}, nothing), "1 to 1024");
  EXPECT_DIAGNOSIS(diagnosis({1, dim3(32, 33)}, nothing), "1 to 1024");
  EXPECT_DIAGNOSIS(diagnosis({1, dim3(1, 1, 65)}, nothing), "a block of");
  EXPECT_DIAGNOSIS(diagnosis({34, 32, 17}, nothing), "a cluster of 17");
  EXPECT_DIAGNOSIS(diagnosis({2, 32, 0}, nothing), "a cluster of 0");
  EXPECT_DIAGNOSIS(diagnosis({6, 32, 4}, nothing), "not made of clusters of 4");
  EXPECT_DIAGNOSIS(diagnosis({1, 32, 1, 227 * 1024 + 1}, nothing), "at most 232448");
  EXPECT_EQ(diagnosis({16, 1024, 16, 227 * 1024}, nothing), "");
}

__global__ void wait_with_all(unsigned* out) {
  __syncthreads();
  sync_cluster();
  out[blockIdx.x * blockDim.x + threadIdx.x] = 1;
}

TEST(Launch, TheLargestClusterFits) {
  std::vector<unsigned> out(16 * 1024);
  launch({16, 1024, 16}, wait_with_all, out.data());
  for (const unsigned value : out) EXPECT_EQ(value, 1U);
}

struct Counted {
  explicit Counted(std::atomic<int>* count) : count(count) { ++*count; }
  ~Counted() { --*count; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  std::atomic<int>* count;
};

__global__ void fail_while_others_wait(std::atomic<int>* alive) {
  const Counted self(alive);
  if (threadIdx.x == 70) throw std::runtime_error("thread 70");
  __syncthreads();
}

TEST(Launch, WhatAThreadThrowsArrivesAndTheOthersAreUnwound) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    std::atomic<int> alive{0};
    try {
      launch({2, 128}, fail_while_others_wait, &alive);
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "thread 70");
    }
    EXPECT_EQ(alive, 0);
    std::vector<unsigned> out(64);
    launch({1, 64}, wait_with_all, out.data());
    EXPECT_EQ(out[63], 1U);
  }
}

__global__ void add_lanes(int rounds, int* out) {
  int value = static_cast<int>(threadIdx.x);
  for (int i = 0; i < rounds; ++i) {
    value += __shfl_xor_sync(0xffffffff, 1, 1);
    __syncthreads();
  }
  out[blockIdx.x * blockDim.x + threadIdx.x] = value;
}

TEST(Launch, TwoThreadsOfTheHostMayLaunchAtOnce) {
  std::vector<std::thread> hosts;
  std::vector<std::vector<int>> outs(3, std::vector<int>(8 * 96));
  for (std::vector<int>& out : outs) {
    hosts.emplace_back([&out] { launch({8, 96}, add_lanes, 20, out.data()); });
  }
  for (std::thread& host : hosts) host.join();
  for (const std::vector<int>& out : outs) {
    for (size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], static_cast<int>(i % 96) + 20);
  }
}

__global__ void launch_again() { launch({1, 1}, nothing); }

TEST(Launch, AKernelLaunchesNoOtherAndItsOperationsNeedALaunch) {
  EXPECT_DIAGNOSIS(diagnosis({1, 1}, launch_again), "called by a kernel");
  EXPECT_THROW(__syncthreads(), Error);
  EXPECT_THROW(dynamic_shared(), Error);
}

struct Parameters {
  const float* in;
  float* out;
  float scale;
  float unused[60];
};

__global__ void __launch_bounds__(64) scale(const __grid_constant__ Parameters parameters) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  parameters.out[i] = parameters.in[i] * parameters.scale;
}

TEST(Launch, ArgumentsArriveByValue) {
  std::vector<float> in(128, 3.0F);
  std::vector<float> out(128);
  launch({2, 64}, scale, Parameters{in.data(), out.data(), 2.0F, {}});
  for (const float value : out) EXPECT_EQ(value, 6.0F);
}

}  // namespace
}  // namespace retort::emulation
