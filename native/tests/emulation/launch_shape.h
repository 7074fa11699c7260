// How many threads a launch runs, and what they share.
#pragma once

#include <cstddef>

#include "vector_types.h"

namespace retort::emulation {

constexpr unsigned kWarpSize = 32;

struct Launch {
  dim3 grid, block;
  // Blocks in a cluster, neighbours along x.
  unsigned cluster = 1;
  // Dynamic shared memory of a block, in bytes.
  std::size_t shared_bytes = 0;
};

inline std::size_t count_of(const dim3& size) { return std::size_t{size.x} * size.y * size.z; }

// The place of the `index`th element, x varying fastest.
inline uint3 place_in(const dim3& size, std::size_t index) {
  return {static_cast<unsigned>(index % size.x), static_cast<unsigned>(index / size.x % size.y),
          static_cast<unsigned>(index / size.x / size.y)};
}

// Throws an Error when an sm_90 device could not run it.
void check(const Launch& launch);

}  // namespace retort::emulation
