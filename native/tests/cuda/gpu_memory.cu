#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

#include "device_memory.h"

namespace retort::conformance {
namespace {

void check(cudaError_t error, const char* what) {
  if (error != cudaSuccess)
    throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error));
}

}  // namespace

const char* device_name() {
  static const cudaDeviceProp properties = [] {
    cudaDeviceProp found{};
    check(cudaGetDeviceProperties(&found, 0), "looking for a GPU");
    return found;
  }();
  return properties.name;
}

void* device_allocate(size_t bytes) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, bytes), "allocating on the GPU");
  return memory;
}

void device_release(void* memory) { cudaFree(memory); }

void device_write(void* to, const void* from, size_t bytes) {
  check(cudaMemcpy(to, from, bytes, cudaMemcpyHostToDevice), "copying to the GPU");
}

void device_read(void* to, const void* from, size_t bytes) {
  check(cudaMemcpy(to, from, bytes, cudaMemcpyDeviceToHost), "copying from the GPU");
}

}  // namespace retort::conformance
