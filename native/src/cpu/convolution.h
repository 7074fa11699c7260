// A band of output rows of a correlation (see Correlation in kernels.h), for the forward
// convolution and for its gradient on the input.
//
// Work: a strip of neighbouring output pixels and one or two vectors of output channels live in
// registers; the loop over the taps loads a vector of packed weights, broadcasts one element of
// each pixel's window and multiplies.
//
// Bytes: the source once (a band and its halo stay in the first two caches while all blocks of
// channels read it), the output once, and the packed weights once a strip from the second-level
// cache.
#pragma once

#include "convolution_tile.h"
#include "kernels.h"
#include "vector.h"

namespace {

// Accumulators of a strip, in vectors: what the register file holds beside weights and a broadcast.
constexpr int64_t kConvolutionAccumulators = kLanes == 16 ? 28 : 12;

// Packed weights: for each block of channels a row of biases, then a row for each tap.
void convolution_pack(const retort::Correlation& a, const retort::ConvolutionWeights& weights,
                      int64_t first_channel, int64_t end_channel, float* packed) {
  for_each_channel_block(first_channel, end_channel, [&](int64_t channel, auto block) {
    constexpr int64_t kWidth = decltype(block)::kChannels;
    float* row = packed + channel * (a.taps() + 1);
    for (int64_t o = 0; o < kWidth; ++o) {
      row[o] = o < block.channels && weights.bias != nullptr ? weights.bias[channel + o] : 0;
    }
    const float* of_block = weights.first + channel * weights.output_stride;
    for (int64_t i = 0; i < a.kernel_height; ++i) {
      for (int64_t j = 0; j < a.kernel_width; ++j) {
        const float* tap = of_block + i * weights.row_stride + j * weights.column_stride;
        for (int64_t c = 0; c < a.source_channels; ++c, tap += weights.channel_stride) {
          row += kWidth;
          for (int64_t o = 0; o < kWidth; ++o) {
            row[o] = o < block.channels ? tap[o * weights.output_stride] : 0;
          }
        }
      }
    }
  });
}

struct Strip {
  const float* window;  // of the first pixel
  int64_t row_stride;
  int64_t pixel_stride;  // between windows
  int64_t rows;          // of the kernel, that lie inside the source
  // Taps of a kernel row: those of its first column where that lies outside the source for the
  // first pixel, else 0; those that lie inside for all pixels; and the last column's where that
  // lies outside for the last pixel, else 0.
  int64_t left_taps;
  int64_t inner_taps;
  int64_t right_taps;
  const float* bias;
  const float* packed;
  float* output;
  int64_t output_stride;
};

// Adds `taps` taps, tap_stride apart, of the pixels [First, End) of P; gives the weights that follow.
template <int First, int End, int P, int V>
inline __attribute__((always_inline)) const float* add_taps(int64_t taps, const float* window,
                                                            int64_t pixel_stride,
                                                            int64_t tap_stride, const float* packed,
                                                            Vector (&sum)[P][V]) {
  // With a pointer for every fourth pixel, all addresses fit in registers.
  constexpr int kQuads = (P + 3) / 4;
  const float* quads[kQuads];
#pragma GCC unroll 8
  for (int q = 0; q < kQuads; ++q) quads[q] = window + 4 * q * pixel_stride;
  for (int64_t k = 0; k < taps; ++k, packed += V * kLanes) {
    Vector weights[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) weights[v] = load(packed + v * kLanes);
#pragma GCC unroll 32
    for (int p = First; p < End; ++p) {
      const Vector element = broadcast(quads[p / 4][p % 4 * pixel_stride]);
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sum[p][v] = multiply_add(element, weights[v], sum[p][v]);
    }
#pragma GCC unroll 8
    for (int q = 0; q < kQuads; ++q) quads[q] += tap_stride;
  }
  return packed;
}

// Out of line, so that the loop's addresses need not share registers with the callers'.
template <int P, typename Block>
__attribute__((noinline)) void correlate_strip(const Strip& a, Block block) {
  constexpr int V = Block::kVectors;
  Vector sum[P][V];
#pragma GCC unroll 32
  for (int p = 0; p < P; ++p) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sum[p][v] = load(a.bias + v * kLanes);
  }
  const float* packed = a.packed;
  for (int64_t i = 0; i < a.rows; ++i) {
    const float* x = a.window + i * a.row_stride;
    if (a.left_taps > 0) packed = add_taps<1, P>(a.left_taps, x, a.pixel_stride, 1, packed, sum);
    x += a.left_taps;
    packed = add_taps<0, P>(a.inner_taps, x, a.pixel_stride, 1, packed, sum);
    x += a.inner_taps;
    if (a.right_taps > 0) {
      packed = add_taps<0, P - 1>(a.right_taps, x, a.pixel_stride, 1, packed, sum);
    }
  }
#pragma GCC unroll 32
  for (int p = 0; p < P; ++p) {
    float* output = a.output + p * a.output_stride;
    for (int v = 0; v + 1 < V; ++v) store(output + v * kLanes, sum[p][v]);
    block.lanes.store(output + (V - 1) * kLanes, sum[p][V - 1]);
  }
}

void convolution_rows(const retort::Correlation& a, const float* source, const float* packed,
                      const retort::ConvolutionOutput& output, int64_t first_row, int64_t end_row,
                      float* tile) {
  // One column of padding, the common case, is skipped; more are copied.
  const bool skip = a.kernel_width > 1 && a.left <= 1 && right_padding(a) <= 1 &&
                    a.source_channels >= kManyChannels;
  const int64_t left_taps = skip && a.left == 1 ? a.source_channels : 0;
  const int64_t right_taps = skip && right_padding(a) == 1 ? a.source_channels : 0;
  const Band band =
      skip ? unpadded_band(a, source) : padded_band(a, source, first_row, end_row, tile);
  const int64_t pixel_stride = a.stride * a.source_channels;
  const int64_t run = a.kernel_width * a.source_channels;
  for_each_channel_block(0, a.output_channels, [&](int64_t channel, auto block) {
    constexpr int kMostPixels = kConvolutionAccumulators / 2;
    const float* bias = packed + channel * (a.taps() + 1);
    for (int64_t y = first_row; y < end_row; ++y) {
      const int64_t top = y * a.stride - a.top;
      const int64_t first_tap_row = clamp(-top, 0, a.kernel_height);
      const int64_t end_tap_row = clamp(a.source_height - top, first_tap_row, a.kernel_height);
      const float* windows = band.row(top + first_tap_row);
      float* row = output.first + y * output.row_stride + channel;
      for_each_equal_part(a.output_width, kMostPixels, [&](int64_t x, int64_t pixels) {
        const int64_t left = x == 0 ? left_taps : 0;
        const int64_t right = x + pixels == a.output_width ? right_taps : 0;
        const Strip strip{windows + x * pixel_stride,
                          band.row_stride,
                          pixel_stride,
                          end_tap_row - first_tap_row,
                          left,
                          run - left - right,
                          right,
                          bias,
                          bias + (1 + first_tap_row * run) * block.kChannels,
                          row + x * output.pixel_stride,
                          output.pixel_stride};
        with_constant<kMostPixels>(pixels, [&](auto constant) {
          correlate_strip<decltype(constant)::value>(strip, block);
        });
      });
    }
  });
}

}  // namespace
