#include <cstdlib>
#include <cstring>

#include "device_memory.h"

namespace retort::conformance {

const char* device_name() { return "emulated CUDA"; }

void* device_allocate(size_t bytes) {
  constexpr size_t kAlignment = 64;
  return std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
}

void device_release(void* memory) { std::free(memory); }

void device_write(void* to, const void* from, size_t bytes) { std::memcpy(to, from, bytes); }

void device_read(void* to, const void* from, size_t bytes) { std::memcpy(to, from, bytes); }

}  // namespace retort::conformance
