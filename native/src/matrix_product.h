// The matrix product of checked arguments, for operations that are made of some.
#pragma once

#include "errors.h"
#include "retort/network.h"

namespace retort {

// c = scale * (op(a) * op(b) + row), plus c where it accumulates; `row` is added to every row.
struct MatrixProduct {
  bool transpose_a;
  bool transpose_b;
  int64_t m;
  int64_t n;
  int64_t k;
  const float* a;
  int64_t a_stride;
  const float* b;
  int64_t b_stride;
  float* c;
  int64_t c_stride;
  bool accumulate = false;
  float scale = 1;
  const float* row = nullptr;  // [n]; null: 0
};

// By a BLAS, or where `sgemm` is null by our own kernel.
void multiply(const MatrixProduct& product, retort_sgemm sgemm, const retort_executor* executor);

}  // namespace retort
