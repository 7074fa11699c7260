// Which pixel of a window max pooling takes: the first, row by row, of the largest, where a NaN is larger than any number.
#pragma once

#include "arch.cuh"

namespace retort::cuda {

// Whether a later candidate takes the place of the largest so far.
__device__ inline bool is_larger(float candidate, float largest) {
  return largest == largest && !(candidate <= largest);
}

}  // namespace retort::cuda
