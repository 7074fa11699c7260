// Shuffles and votes: what each lane gets, and the misuse that is found.
#include <cstring>

#include "emulation_testing.h"

namespace retort::emulation {
namespace {

constexpr unsigned kAll = 0xffffffff;

enum class Move { kIndex, kUp, kDown, kXor };

template <Move move>
__global__ void move_lane_numbers(unsigned operand, int width, int* out) {
  const int lane = static_cast<int>(threadIdx.x);
  const int value = 100 + lane;
  if (move == Move::kIndex) out[lane] = __shfl_sync(kAll, value, static_cast<int>(operand), width);
  if (move == Move::kUp) out[lane] = __shfl_up_sync(kAll, value, operand, width);
  if (move == Move::kDown) out[lane] = __shfl_down_sync(kAll, value, operand, width);
  if (move == Move::kXor) {
    out[lane] = __shfl_xor_sync(kAll, value, static_cast<int>(operand), width);
  }
}

template <Move move>
std::vector<int> sources(unsigned operand, int width) {
  std::vector<int> out(32);
  launch({1, 32}, move_lane_numbers<move>, operand, width, out.data());
  for (int& value : out) value -= 100;
  return out;
}

TEST(Warp, AShuffleReadsTheLaneThatCudaNames) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    for (const int width : {1, 2, 8, 16, 32}) {
      for (unsigned operand = 0; operand < 32; ++operand) {
        const std::vector<int> index = sources<Move::kIndex>(operand, width);
        const std::vector<int> up = sources<Move::kUp>(operand, width);
        const std::vector<int> down = sources<Move::kDown>(operand, width);
        const std::vector<int> exclusive_or = sources<Move::kXor>(operand, width);
        for (int lane = 0; lane < 32; ++lane) {
          const int n = static_cast<int>(operand);
          const int first = lane / width * width;
          const auto i = static_cast<size_t>(lane);
          EXPECT_EQ(index[i], first + n % width);
          EXPECT_EQ(up[i], lane - n >= first ? lane - n : lane);
          EXPECT_EQ(down[i], lane + n < first + width ? lane + n : lane);
          EXPECT_EQ(exclusive_or[i], (lane ^ n) < first + width ? lane ^ n : lane);
        }
      }
    }
  }
}

template <typename T>
__global__ void swap_neighbours(const T* in, T* out) {
  out[threadIdx.x] = __shfl_xor_sync(kAll, in[threadIdx.x], 1);
}

template <typename T>
void expect_swap_of(T first, T second) {
  std::vector<T> in(32);
  for (size_t i = 0; i < 32; ++i) in[i] = i % 2 == 0 ? first : second;
  std::vector<T> out(32);
  launch({1, 32}, swap_neighbours<T>, in.data(), out.data());
  for (size_t i = 0; i < 32; ++i) EXPECT_EQ(out[i], in[i ^ 1]);
}

TEST(Warp, AShuffleMovesNumbersOfFourAndOfEightBytes) {
  expect_swap_of<int>(-1, 7);
  expect_swap_of<float>(1.5F, -0.25F);
  expect_swap_of<double>(1e300, -1e-300);
  expect_swap_of<unsigned long long>(~0ULL, 1ULL << 63);
}

__global__ void read_an_unnamed_lane(unsigned* four, unsigned long long* eight) {
  if (threadIdx.x >= 16) return;
  four[threadIdx.x] = __shfl_sync(0x0000ffff, threadIdx.x, 20);
  eight[threadIdx.x] = __shfl_sync(0x0000ffff, static_cast<unsigned long long>(threadIdx.x), 20);
}

TEST(Warp, ALaneOutsideTheMaskReadsAsAPattern) {
  std::vector<unsigned> four(16);
  std::vector<unsigned long long> eight(16);
  launch({1, 32}, read_an_unnamed_lane, four.data(), eight.data());
  for (const unsigned value : four) EXPECT_EQ(value, 0xDEADBEEFU);
  for (const unsigned long long value : eight) EXPECT_EQ(value, 0xDEADBEEFDEADBEEFULL);
}

struct Votes {
  unsigned ballot;
  int any_of_three, any_of_none, all_of_all, all_but_one;
};

__global__ void cast_votes(Votes* votes) {
  const unsigned lane = threadIdx.x;
  Votes own{};
  own.ballot = __ballot_sync(kAll, lane % 3 == 0);
  own.any_of_three = __any_sync(kAll, lane < 3);
  own.any_of_none = __any_sync(kAll, lane > 31);
  own.all_of_all = __all_sync(kAll, lane < 32);
  own.all_but_one = __all_sync(kAll, lane != 5);
  votes[lane] = own;
}

TEST(Warp, EveryLaneLearnsAVote) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    std::vector<Votes> votes(32);
    launch({1, 32}, cast_votes, votes.data());
    for (const Votes& own : votes) {
      EXPECT_EQ(own.ballot, 0x49249249U);
      EXPECT_EQ(own.any_of_three, 1);
      EXPECT_EQ(own.any_of_none, 0);
      EXPECT_EQ(own.all_of_all, 1);
      EXPECT_EQ(own.all_but_one, 0);
    }
  }
}

// The halves of a warp take different ways, and meet again at an operation of all.
__global__ void part_and_meet(unsigned* out) {
  const unsigned lane = threadIdx.x;
  unsigned value = lane;
  if (lane < 16) {
    value = __shfl_xor_sync(0x0000ffff, value, 1);
    value = __shfl_xor_sync(0x0000ffff, value, 2);
  } else {
    value = __shfl_down_sync(0xffff0000, value, 4);
  }
  out[lane] = __shfl_xor_sync(kAll, value, 16);
}

TEST(Warp, HalvesMayTakeDifferentWays) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    std::vector<unsigned> out(32);
    launch({1, 32}, part_and_meet, out.data());
    for (unsigned lane = 0; lane < 32; ++lane) {
      EXPECT_EQ(out[lane], lane < 16 ? (lane + 16 < 28 ? lane + 20 : lane + 16) : (lane - 16) ^ 3U);
    }
  }
}

// Each lane reads its neighbour's cell and then writes its own.
template <bool synchronizes>
__global__ void rotate_in_place(int* out) {
  int* cells = reinterpret_cast<int*>(dynamic_shared());
  const unsigned lane = threadIdx.x;
  cells[lane] = static_cast<int>(lane);
  __syncwarp();
  const int next = cells[(lane + 1) % 32];
  if (synchronizes) __syncwarp();
  cells[lane] = next;
  __syncwarp();
  out[lane] = cells[lane];
}

bool rotates(void (*kernel)(int*)) {
  std::vector<int> out(32);
  launch({1, 32, 1, 32 * sizeof(int)}, kernel, out.data());
  for (int lane = 0; lane < 32; ++lane) {
    if (out[static_cast<size_t>(lane)] != (lane + 1) % 32) return false;
  }
  return true;
}

TEST(Warp, AMissingSynchronizationOfTheWarpGivesAWrongResultInEveryOrder) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    EXPECT_TRUE(rotates(rotate_in_place<true>)) << order.name();
    EXPECT_FALSE(rotates(rotate_in_place<false>)) << order.name();
  }
}

__global__ void name_too_many() {
  if (threadIdx.x >= 48) return;
  if (threadIdx.x >= 32) __shfl_xor_sync(kAll, 1.0F, 8);
}

TEST(Warp, ALaneThatHasEndedIsNamed) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    const std::string text = diagnosis({dim3(1, 2), 64}, name_too_many);
    EXPECT_DIAGNOSIS(text, "block (0,");
    EXPECT_DIAGNOSIS(text,
                     "warp 1, lanes 0-15: wait for ever at __shfl_xor_sync at warp_test.cpp:");
    EXPECT_DIAGNOSIS(text, "with mask 0xffffffff, for lanes 16-31, which have ended");
    EXPECT_DIAGNOSIS(text, "[order " + order.name() + "]");
  }
}

__global__ void disagree_on_the_mask() {
  __shfl_xor_sync(threadIdx.x == 9 ? 0x0000ffffU : kAll, 1.0F, 1);
}

TEST(Warp, LanesThatDisagreeOnTheMaskAreNamed) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    const std::string text = diagnosis({1, 32}, disagree_on_the_mask);
    EXPECT_DIAGNOSIS(text, "lanes 0-8, 10-31: wait for ever at __shfl_xor_sync");
    EXPECT_DIAGNOSIS(text, "for lane 9, which waits at __shfl_xor_sync");
    EXPECT_DIAGNOSIS(text, "with mask 0x0000ffff");
  }
}

__global__ void disagree_on_the_operation() {
  if (threadIdx.x < 16) {
    __shfl_down_sync(kAll, 1.0F, 1);
  } else {
    __shfl_up_sync(kAll, 1.0F, 1);
  }
}

__global__ void disagree_on_the_size() {
  if (threadIdx.x < 16) {
    __shfl_xor_sync(kAll, 1.0F, 1);
  } else {
    __shfl_xor_sync(kAll, 1.0, 1);
  }
}

TEST(Warp, LanesThatDisagreeOnTheOperationAreNamed) {
  const std::string text = diagnosis({1, 32}, disagree_on_the_operation);
  EXPECT_DIAGNOSIS(text, "lanes 0-15: wait for ever at __shfl_down_sync");
  EXPECT_DIAGNOSIS(text, "for lane 16, which waits at __shfl_up_sync");
  EXPECT_DIAGNOSIS(diagnosis({1, 32}, disagree_on_the_size), "wait for ever");
}

__global__ void leave_oneself_out() { __syncwarp(0x0000ffff); }
__global__ void use_the_whole_mask() { __syncwarp(); }
__global__ void use_a_width_of(int width) { __shfl_sync(kAll, 1.0F, 0, width); }

TEST(Warp, AMaskMustNameItsOwnLaneAndNoneThatIsNotThere) {
  EXPECT_DIAGNOSIS(diagnosis({1, 32}, leave_oneself_out),
                   "is not in the mask of its own __syncwarp");
  EXPECT_DIAGNOSIS(diagnosis({1, 40}, use_the_whole_mask),
                   "names lanes 8-31, which the block does not have");
}

TEST(Warp, TheWidthOfAShuffleIsAPowerOfTwo) {
  for (const int width : {-1, 0, 3, 64}) {
    EXPECT_DIAGNOSIS(diagnosis({1, 32}, use_a_width_of, width), "must be a power of two up to 32");
  }
}

__global__ void wait_for_lanes_at_the_barrier() {
  if (threadIdx.x < 16) {
    __syncthreads();
  } else {
    __syncwarp();
  }
}

TEST(Warp, AWaitForLanesAtABarrierIsADeadlock) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    const std::string text = diagnosis({1, 64}, wait_for_lanes_at_the_barrier);
    EXPECT_DIAGNOSIS(text, "lanes 16-31: wait for ever at __syncwarp");
    EXPECT_DIAGNOSIS(text, "for lanes 0-15, which wait at the barrier of their block");
  }
}

}  // namespace
}  // namespace retort::emulation
