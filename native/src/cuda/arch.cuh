// What the kernels ask of the machine beyond plain CUDA C++: clusters of blocks, shared memory, and numbers of
// 16 bits. Without a CUDA compiler the tests' emulation stands in for the machine, and the kernels are
// compiled as they are.
#pragma once

#include <cstdint>

#if defined(__CUDACC__)
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#else
#include "cuda_emulation.h"
#endif

namespace retort::cuda {

struct Float16 {
  uint16_t bits;
};
struct BFloat16 {
  uint16_t bits;
};

#if defined(__CUDACC__)

__device__ inline unsigned char* dynamic_shared() {
  extern __shared__ __align__(16) unsigned char shared_memory[];
  return shared_memory;
}

// ---- clusters: blocks that read and write each other's shared memory (compute capability 9.0) ----

__device__ inline unsigned cluster_blocks() {
  unsigned blocks = 1;
#if __CUDA_ARCH__ >= 900
  asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(blocks));
#endif
  return blocks;
}

__device__ inline unsigned cluster_rank() {
  unsigned rank = 0;
#if __CUDA_ARCH__ >= 900
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
#endif
  return rank;
}

// Every thread of the cluster arrives, and sees what the others wrote before they did.
__device__ inline void sync_cluster() {
#if __CUDA_ARCH__ >= 900
  asm volatile(
      "barrier.cluster.arrive.release.aligned;\n"
      "barrier.cluster.wait.acquire.aligned;" ::
          : "memory");
#endif
}

// Where block `rank` of the cluster has what this block has at `shared`.
template <typename T>
__device__ T* shared_of_block(T* shared, unsigned rank) {
#if __CUDA_ARCH__ >= 900
  uint64_t there;
  asm("mapa.u64 %0, %1, %2;" : "=l"(there) : "l"(shared), "r"(rank));
  return reinterpret_cast<T*>(there);
#else
  return shared;
#endif
}

// ---- numbers of 16 bits, rounded to the nearest, ties to even ----

__device__ inline float to_float(Float16 x) { return __half2float(__ushort_as_half(x.bits)); }
__device__ inline float to_float(BFloat16 x) {
  return __uint_as_float(static_cast<uint32_t>(x.bits) << 16);
}
__device__ inline void from_float(float x, Float16* y) {
  y->bits = __half_as_ushort(__float2half_rn(x));
}
__device__ inline void from_float(float x, BFloat16* y) {
  y->bits = __bfloat16_as_ushort(__float2bfloat16_rn(x));
}

#else

using emulation::cluster_blocks;
using emulation::cluster_rank;
using emulation::dynamic_shared;
using emulation::sync_cluster;

template <typename T>
T* shared_of_block(T* shared, unsigned rank) {
  return static_cast<T*>(emulation::shared_of_block(shared, rank));
}

inline float to_float(Float16 x) {
  _Float16 half;
  __builtin_memcpy(&half, &x.bits, sizeof half);
  return static_cast<float>(half);
}
inline void from_float(float x, Float16* y) {
  const auto half = static_cast<_Float16>(x);
  __builtin_memcpy(&y->bits, &half, sizeof half);
}
inline float to_float(BFloat16 x) { return __uint_as_float(static_cast<uint32_t>(x.bits) << 16); }
inline void from_float(float x, BFloat16* y) {
  const uint32_t bits = __float_as_uint(x);
  const uint32_t odd = bits >> 16 & 1;
  y->bits = static_cast<uint16_t>(x != x ? 0x7fff : (bits + 0x7fff + odd) >> 16);
}

#endif

__device__ inline float to_float(float x) { return x; }
__device__ inline void from_float(float x, float* y) { *y = x; }

}  // namespace retort::cuda
