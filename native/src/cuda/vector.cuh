// The vector type of CUDA's side of the files that both sides share: one number. See cpu/vector.h for what
// each function promises.
#pragma once

#include "arch.cuh"
#include "split.h"

namespace {

using Vector = float;

RETORT_DEVICE inline Vector broadcast(float x) { return x; }
RETORT_DEVICE inline Vector multiply_add(Vector a, Vector b, Vector c) { return fmaf(a, b, c); }
RETORT_DEVICE inline Vector square_root(Vector x) { return sqrtf(x); }
RETORT_DEVICE inline Vector maximum(Vector a, Vector b) { return a > b ? a : b; }
RETORT_DEVICE inline Vector minimum(Vector a, Vector b) { return a < b ? a : b; }
RETORT_DEVICE inline Vector keep_where_positive(Vector condition, Vector a) {
  return condition > 0 ? a : 0;
}
RETORT_DEVICE inline Vector where_less(Vector a, Vector b, Vector yes, Vector no) {
  return a < b ? yes : no;
}
RETORT_DEVICE inline Vector zero_where_zero(Vector condition, Vector a) {
  return condition == 0 ? 0 : a;
}
RETORT_DEVICE inline Vector where_masked(Vector logarithm, Vector masked, Vector value) {
  return logarithm < -3.40282347e38f ? masked : value;
}
RETORT_DEVICE inline Vector exp_nonpositive(Vector x) { return expf(x); }
RETORT_DEVICE inline Vector log_of(Vector x) { return logf(x); }

// The order of the comparisons lets a NaN in either through.
RETORT_DEVICE inline Vector log_add(Vector a, Vector b) {
  const Vector larger = !(a < b) && !(b != b) ? a : b;
  const Vector smaller = !(a < b) && !(b != b) ? b : a;
  return where_masked(larger, a + b, larger + log1pf(expf(smaller - larger)));
}

}  // namespace
