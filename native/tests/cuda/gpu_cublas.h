// A GPU host's cuBLAS, with a handle for each stream.
#pragma once

#include "retort/cuda_linear_distillation.h"

namespace retort::conformance {

// With a null handle where the host has no cuBLAS, which the error output tells of.
retort_cublas new_cublas(void* stream);
void free_cublas(const retort_cublas& cublas);

}  // namespace retort::conformance
