// Memory that the host and the device of the CUDA library both reach: managed memory, or the host's under the
// emulation.
#pragma once

#include <cstddef>

namespace retort::testing {

// Aligned to 64 bytes.
void* allocate_reachable(std::size_t bytes);
void release_reachable(void* memory);
// Until the device has done what it was given, before which the host must not touch such memory. Ends the program where
// a kernel failed.
void wait_for_device();

template <typename T>
struct ReachableAllocator {
  using value_type = T;

  ReachableAllocator() = default;
  template <typename Other>
  ReachableAllocator(const ReachableAllocator<Other>&) {}

  T* allocate(std::size_t count) { return static_cast<T*>(allocate_reachable(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t) { release_reachable(memory); }

  friend bool operator==(const ReachableAllocator&, const ReachableAllocator&) { return true; }
  friend bool operator!=(const ReachableAllocator&, const ReachableAllocator&) { return false; }
};

}  // namespace retort::testing
