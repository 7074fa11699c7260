// The memory that the CUDA library works on: a GPU's, or the host's under the emulation.
#pragma once

#include <cstddef>

namespace retort::conformance {

const char* device_name();

// Aligned to 64 bytes.
void* device_allocate(size_t bytes);
void device_release(void* memory);
void device_write(void* to, const void* from, size_t bytes);
// Waits for the calls before it.
void device_read(void* to, const void* from, size_t bytes);

}  // namespace retort::conformance
