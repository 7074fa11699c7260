// Where in the grid the running thread is: the values behind threadIdx, blockIdx, blockDim and
// gridDim.
#pragma once

#include "vector_types.h"

namespace retort::emulation {

struct Place {
  uint3 thread_index;
  uint3 block_index;
  dim3 block_size;
  dim3 grid_size;
};

// The place of the CUDA thread that this thread of the host runs; null outside a launch.
// `__thread`, for a `thread_local` declared elsewhere is asked at every access whether it needs a
// constructor.
extern __thread const Place* here;

}  // namespace retort::emulation
