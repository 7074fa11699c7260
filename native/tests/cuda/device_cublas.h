// The cuBLAS that the CUDA library is lent: a GPU host's, or plain loops under the emulation.
#pragma once

#include "retort/cuda_linear_distillation.h"

namespace retort::conformance {

// Of the default stream; null where the host has none.
const retort_cublas* device_cublas();

}  // namespace retort::conformance
