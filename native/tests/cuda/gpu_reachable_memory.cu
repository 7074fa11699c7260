#include <cuda_runtime.h>

#include <cstdio>
#include <cstdlib>

#include "reachable_memory.h"

namespace retort::testing {
namespace {

void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  std::fprintf(stderr, "%s: %s\n", what, cudaGetErrorString(error));
  std::_Exit(EXIT_FAILURE);
}

}  // namespace

void* allocate_reachable(std::size_t bytes) {
  void* memory = nullptr;
  check(cudaMallocManaged(&memory, bytes), "allocating managed memory");
  return memory;
}

void release_reachable(void* memory) { cudaFree(memory); }

void wait_for_device() { check(cudaDeviceSynchronize(), "a kernel failed"); }

}  // namespace retort::testing
