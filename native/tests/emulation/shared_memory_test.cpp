// Shared memory: poisoned before each block, and watched beyond its ends.
#include <cmath>
#include <limits>

#include "emulation_testing.h"

namespace retort::emulation {
namespace {

__global__ void read_then_write(float* out) {
  auto* shared = reinterpret_cast<float*>(dynamic_shared());
  out[blockIdx.x * blockDim.x + threadIdx.x] = shared[threadIdx.x];
  shared[threadIdx.x] = 1;
}

TEST(SharedMemory, HoldsNaNsBeforeEveryBlock) {
  std::vector<float> out(3 * 32);
  launch({3, 32, 1, 32 * sizeof(float)}, read_then_write, out.data());
  for (const float value : out) EXPECT_TRUE(std::isnan(value));
}

__global__ void write_at(std::ptrdiff_t index) {
  auto* shared = reinterpret_cast<volatile unsigned char*>(dynamic_shared());
  if (threadIdx.x == 7) shared[index] = 1;
}

__global__ void read_at(std::ptrdiff_t index, float* out) {
  auto* shared = reinterpret_cast<volatile float*>(dynamic_shared());
  out[threadIdx.x] = shared[index];
}

TEST(SharedMemory, AnAccessBeyondItsEndsIsFound) {
  for (const std::size_t bytes : {0, 100}) {
    const Launch shape{1, 32, 1, bytes};
    const auto end = static_cast<std::ptrdiff_t>(bytes);
    std::vector<float> out(32);
    if (kAddressSanitizer) {
      EXPECT_DEATH(launch(shape, write_at, end), "use-after-poison");
      EXPECT_DEATH(launch(shape, write_at, std::ptrdiff_t{-1}), "use-after-poison");
      EXPECT_DEATH(launch(shape, read_at, end / 4, out.data()), "use-after-poison");
      continue;
    }
    EXPECT_DIAGNOSIS(diagnosis(shape, write_at, end), "wrote outside its " + std::to_string(bytes) +
                                                          " bytes of shared memory, at byte " +
                                                          std::to_string(end));
    EXPECT_DIAGNOSIS(diagnosis(shape, write_at, std::ptrdiff_t{-1}), "at byte -1");
    launch(shape, read_at, end / 4, out.data());
    EXPECT_TRUE(std::isnan(out[0]));
  }
}

TEST(SharedMemory, ItsLastByteMayBeWritten) {
  for (const std::size_t bytes : {4, 61, 256, 227 * 1024}) {
    EXPECT_EQ(diagnosis({1, 32, 1, bytes}, write_at, static_cast<std::ptrdiff_t>(bytes) - 1), "");
  }
}

}  // namespace
}  // namespace retort::emulation
