// Keys in shared memory that a block sorts.
#pragma once

#include "arch.cuh"
#include "split.h"

namespace retort::cuda {

// The power of two that is not below count.
RETORT_DEVICE inline int power_of_two(int count) {
  int power = 1;
  while (power < count) power *= 2;
  return power;
}

// Sorts `count` keys, a power of two, into falling order: Batcher's bitonic network, whose order of comparisons
// depends on the count alone. Every thread of the block calls it, after a barrier; ends with one.
template <int kThreads, typename Key>
__device__ void sort_falling(Key* keys, int count) {
  for (int length = 2; length <= count; length *= 2) {
    for (int step = length / 2; step > 0; step /= 2) {
      for (int pair = threadIdx.x; pair < count / 2; pair += kThreads) {
        const int i = 2 * pair - (pair & (step - 1)), j = i + step;
        const Key a = keys[i], b = keys[j];
        const bool falling = (i & length) == 0;
        if ((a < b) == falling) {
          keys[i] = b;
          keys[j] = a;
        }
      }
      __syncthreads();
    }
  }
}

}  // namespace retort::cuda
