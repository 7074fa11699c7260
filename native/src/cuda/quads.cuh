// Four neighbouring f32 of a row, which are what a thread works on at a time outside the operations on logits.
//
// Where every row begins on a multiple of 16 bytes and holds whole quads, which the host finds out, a quad is one
// access without a branch, so that several are under way together. Elsewhere a Chunk cuts it out or takes it element
// by element. Both give a thread the same elements, so that sums do not depend on where a row lies.
#pragma once

#include <initializer_list>

#include "elements.cuh"

namespace retort::cuda {

using Quad = Chunk<float, 4>;
constexpr int kQuad = 4;

// value(i) for i from 0 to 3.
template <typename Value>
__device__ Quad quad_of(Value value) {
  Quad quad;
#pragma unroll
  for (int i = 0; i < kQuad; ++i) quad.set(i, value(i));
  return quad;
}

// The quad from `column` on of a row of `columns`.
template <bool kAligned>
struct QuadOfRow {
  int column;
  int columns;

  __device__ bool exists() const { return column < columns; }
  __device__ Quad load(const float* row) const {
    if constexpr (kAligned) {
      return *reinterpret_cast<const Quad*>(row + column);
    } else {
      Quad quad;
      quad.load(row, column, columns, 0);
      return quad;
    }
  }
  __device__ void store(float* row, const Quad& quad) const {
    if constexpr (kAligned) {
      *reinterpret_cast<Quad*>(row + column) = quad;
    } else {
      quad.store(row, column, columns);
    }
  }
};

inline bool begin_on_quads(std::initializer_list<const void*> arrays) {
  for (const void* const array : arrays) {
    if (reinterpret_cast<uintptr_t>(array) % sizeof(Quad) != 0) return false;
  }
  return true;
}

// Whether every row of matrices without gaps begins on a quad.
inline bool are_whole_quads(int64_t columns, std::initializer_list<const void*> matrices) {
  return columns % kQuad == 0 && begin_on_quads(matrices);
}

}  // namespace retort::cuda
