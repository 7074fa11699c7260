#include <cstdlib>

#include "reachable_memory.h"

namespace retort::testing {

void* allocate_reachable(std::size_t bytes) {
  constexpr std::size_t kAlignment = 64;
  return std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
}

void release_reachable(void* memory) { std::free(memory); }

void wait_for_device() {}

}  // namespace retort::testing
