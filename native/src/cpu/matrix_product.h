// A block of c = scale * op(a) * op(b), on one thread.
//
// Work: a strip of rows and one or two vectors of columns live in registers, as in a convolution's strip; the loop over
// the depth loads a vector of b, broadcasts the strip's elements of a and multiplies. Where either matrix is transposed
// the strides say so.
//
// Bytes: a slice of the depth of those columns of b is packed, into half of the first-level cache, and read again by
// every strip; the block's part of a comes from the second-level cache once for each panel of columns, and c is read
// and written once a slice. A block of the sides that matrix_product.cpp cuts fits there.
//
// An element is summed in the order of the depth, so that no bit depends on the blocks.
#pragma once

#include "convolution.h"
#include "convolution_tile.h"
#include "kernels.h"
#include "vector.h"

namespace {

constexpr int64_t kProductDepth = 128;

// scale * op(b) of a slice and a panel, a row for each step of the depth.
template <typename Block>
void pack_panel(const retort::ProductBlock& a, int64_t first, int64_t depth, int64_t column,
                Block block, float* packed) {
  const Vector scale = broadcast(a.scale);
  const float* b = a.b + first * a.b_depth_stride + column * a.b_column_stride;
  if (a.b_column_stride == 1) {
    for (int64_t k = 0; k < depth; ++k, b += a.b_depth_stride, packed += block.kChannels) {
      for_each_vector(block.channels, [&](int64_t j, auto lanes) {
        store(packed + j, scale * lanes.load(b + j, 0));
      });
    }
    return;
  }
  for (int64_t j = 0; j < block.kChannels; j += kLanes) {
    for_each_vector(depth, [&](int64_t k, auto lanes) {
      Vector square[kLanes];
      for (int64_t i = 0; i < kLanes; ++i) {
        const bool inside = j + i < block.channels;
        square[i] =
            inside ? scale * lanes.load(b + (j + i) * a.b_column_stride + k, 0) : broadcast(0);
      }
      transpose(square);
      for (int64_t i = 0; i < kLanes; ++i) store(packed + (k + i) * block.kChannels + j, square[i]);
    });
  }
}

struct ProductStrip {
  const float* a;
  int64_t a_row_stride;
  int64_t a_depth_stride;
  int64_t depth;
  const float* packed;
  bool add;
  float* c;
  int64_t c_stride;
};

template <int P, typename Block>
__attribute__((noinline)) void multiply_strip(const ProductStrip& a, Block block) {
  constexpr int V = Block::kVectors;
  Vector sum[P][V];
#pragma GCC unroll 32
  for (int p = 0; p < P; ++p) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sum[p][v] = broadcast(0);
    if (a.add) {
      const float* c = a.c + p * a.c_stride;
      for (int v = 0; v + 1 < V; ++v) sum[p][v] = load(c + v * kLanes);
      sum[p][V - 1] = block.lanes.load(c + (V - 1) * kLanes, 0);
    }
  }
  add_taps<0, P>(a.depth, a.a, a.a_row_stride, a.a_depth_stride, a.packed, sum);
#pragma GCC unroll 32
  for (int p = 0; p < P; ++p) {
    float* c = a.c + p * a.c_stride;
    for (int v = 0; v + 1 < V; ++v) store(c + v * kLanes, sum[p][v]);
    block.lanes.store(c + (V - 1) * kLanes, sum[p][V - 1]);
  }
}

void matrix_product_block(const retort::ProductBlock& a) {
  alignas(64) float packed[(kProductDepth + kLanes) * 2 * kLanes];
  for (int64_t k = 0; k < a.depth; k += kProductDepth) {
    const int64_t depth = a.depth - k < kProductDepth ? a.depth - k : kProductDepth;
    for_each_channel_block(0, a.columns, [&](int64_t column, auto block) {
      constexpr int kMostRows = kConvolutionAccumulators / 2;
      pack_panel(a, k, depth, column, block, packed);
      for_each_equal_part(a.rows, kMostRows, [&](int64_t row, int64_t rows) {
        const ProductStrip strip{a.a + row * a.a_row_stride + k * a.a_depth_stride,
                                 a.a_row_stride,
                                 a.a_depth_stride,
                                 depth,
                                 packed,
                                 a.accumulate || k > 0,
                                 a.c + row * a.c_stride + column,
                                 a.c_stride};
        with_constant<kMostRows>(
            rows, [&](auto constant) { multiply_strip<decltype(constant)::value>(strip, block); });
      });
    });
  }
}

}  // namespace
