// CUDA for the ordinary C++ compiler: what a kernel source includes in place of the toolkit's
// headers when nvcc does not compile it, so that tests can run it on a machine without a GPU.
//
// The names are CUDA's own, with CUDA's meanings. A launch runs every thread of a block as a fibre,
// one warp at a time for as long as it can go on; what hardware leaves to chance (which warp is
// first, when an asynchronous copy lands, what memory holds before it is written, which of two
// streams is ahead) is settled so that code which relies on it fails. Misuse that hardware would
// leave undefined ends the launch with an Error. Checked is the logic of a kernel, and neither the
// rounding of the GPU's own instructions nor the order of memory between two fences.
#pragma once

#include "asynchronous_copies.h"
#include "cooperation.h"
#include "intrinsics.h"
#include "launch.h"
#include "place.h"
#include "vector_types.h"

// NOLINTBEGIN(bugprone-reserved-identifier): they are CUDA's.
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__
#define __shared__ \
  static_assert(false, "static shared memory is not emulated: take it from dynamic_shared()");
// NOLINTEND(bugprone-reserved-identifier)

#define threadIdx (::retort::emulation::here->thread_index)
#define blockIdx (::retort::emulation::here->block_index)
#define blockDim (::retort::emulation::here->block_size)
#define gridDim (::retort::emulation::here->grid_size)
