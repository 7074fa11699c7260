// The matrix product of checked arguments by a lent cuBLAS.
#pragma once

#include "errors.h"
#include "retort/cuda_linear_distillation.h"

namespace retort::cuda {

// c = scale * op(a) * op(b), plus c where it accumulates, row by row; strides count elements.
struct MatrixProduct {
  bool transpose_a;
  bool transpose_b;
  int64_t m;
  int64_t n;
  int64_t k;
  retort_dtype factors;
  const void* a;
  int64_t a_stride;
  const void* b;
  int64_t b_stride;
  retort_dtype result;
  void* c;
  int64_t c_stride;
  float scale = 1;
  bool accumulate = false;
};

retort_status multiply(const MatrixProduct& product, const retort_cublas& cublas);

}  // namespace retort::cuda
