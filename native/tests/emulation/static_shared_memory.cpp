// A kernel that must not compile: static shared memory would be one thread's own.
#include "cuda_emulation.h"

__global__ void keep_in_static_shared_memory(float x) {
  __shared__ float values[32];
  values[threadIdx.x] = x;
}
