// An example of a kernel for the emulation, with which ci/mutate-kernels is tested: the sum of each
// row.
//   sum[r] = sum_c values[r, c]
// Moves rows * columns * 4 bytes. A block adds up one row: a thread takes every blockDim.x-th
// value, a warp adds its lanes by a butterfly, and the warps' sums meet in shared memory.
#include "example.h"

#include "cuda_emulation.h"

namespace retort::emulation {
namespace {

__global__ void add_up_row(const float* __restrict__ values, int columns,
                           float* __restrict__ sums) {
  auto* warp_sums = reinterpret_cast<float*>(dynamic_shared());
  const float* row = values + static_cast<long long>(blockIdx.x) * columns;
  float sum = 0;
  for (int c = static_cast<int>(threadIdx.x); c < columns; c += static_cast<int>(blockDim.x)) {
    sum += row[c];
  }
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(0xffffffff, sum, offset);
  if (threadIdx.x % 32 == 0) warp_sums[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (unsigned warp = 1; warp < blockDim.x / 32; ++warp) sum += warp_sums[warp];
    sums[blockIdx.x] = sum;
  }
}

}  // namespace

void add_up_rows(const float* values, int rows, int columns, float* sums) {
  const unsigned threads = 128;
  launch({static_cast<unsigned>(rows), threads, 1, threads / 32 * sizeof(float)}, add_up_row,
         values, columns, sums);
}

}  // namespace retort::emulation
