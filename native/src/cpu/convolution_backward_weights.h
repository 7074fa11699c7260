// A band's share of the gradient on the weights:
//
//   gradient(o, i, j, c) += sum over y, x of
//       output_gradient(y, x, o) * source(y * stride + i - top, x * stride + j - left, c)
//
// Work: a run of neighbouring taps and one or two vectors of output channels live in registers; the
// loop over the pixels loads a vector of the output's gradient and multiplies it by each tap's
// element. Bytes: source and output gradient come from memory once and are read again for each run
// of taps, from the first two caches; the sums are read and written once a band.
#pragma once

#include "convolution.h"
#include "convolution_tile.h"
#include "kernels.h"
#include "vector.h"

namespace {

struct TapRun {
  const float* window;  // of the band's first pixel, at the first tap
  int64_t row_stride;   // between rows of windows
  int64_t pixel_stride;
  const float* output_gradient;
  int64_t output_channels;
  int64_t rows;
  int64_t columns;
  float* sums;  // [taps, channels of the block]
};

template <int T, typename Block>
void accumulate_taps(const TapRun& a, Block block) {
  constexpr int V = Block::kVectors;
  Vector sum[T][V];
#pragma GCC unroll 32
  for (int t = 0; t < T; ++t) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sum[t][v] = load(a.sums + (t * V + v) * kLanes);
  }
  const float* g = a.output_gradient;
  for (int64_t y = 0; y < a.rows; ++y) {
    const float* window = a.window + y * a.row_stride;
    for (int64_t x = 0; x < a.columns; ++x, window += a.pixel_stride, g += a.output_channels) {
      Vector gradient[V];
      for (int v = 0; v + 1 < V; ++v) gradient[v] = load(g + v * kLanes);
      gradient[V - 1] = block.lanes.load(g + (V - 1) * kLanes, 0);
#pragma GCC unroll 32
      for (int t = 0; t < T; ++t) {
        const Vector element = broadcast(window[t]);
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) sum[t][v] = multiply_add(element, gradient[v], sum[t][v]);
      }
    }
  }
#pragma GCC unroll 32
  for (int t = 0; t < T; ++t) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) store(a.sums + (t * V + v) * kLanes, sum[t][v]);
  }
}

template <int T, typename Block>
void accumulate_run(int64_t taps, const TapRun& run, Block block) {
  if constexpr (T > 1) {
    if (taps < T) return accumulate_run<T - 1>(taps, run, block);
  }
  accumulate_taps<T>(run, block);
}

// a / b rounded up, or 0 where that is below 0.
int64_t divide_up(int64_t a, int64_t b) {
  return a > 0 ? (a + b - 1) / b : 0;
}

// Adds to the sums, packed as weights are but without biases: [block][tap][channel of the block].
void convolution_weights_rows(const retort::Correlation& a, const float* source,
                              const float* output_gradient, int64_t first_row, int64_t end_row,
                              int64_t first_channel, int64_t end_channel, float* tile,
                              float* packed_gradient) {
  const Band band = padded_band(a, source, first_row, end_row, tile);
  const int64_t run = a.kernel_width * a.source_channels;
  for_each_channel_block(first_channel, end_channel, [&](int64_t channel, auto block) {
    using Block = decltype(block);
    constexpr int kMostTaps = kConvolutionAccumulators / Block::kVectors;
    for (int64_t i = 0; i < a.kernel_height; ++i) {
      // The output rows whose tap row i lies inside the source.
      const int64_t first = clamp(divide_up(a.top - i, a.stride), first_row, end_row);
      const int64_t end = clamp(divide_up(a.source_height + a.top - i, a.stride), first, end_row);
      if (first == end) continue;
      for_each_equal_part(run, kMostTaps, [&](int64_t tap, int64_t taps) {
        const TapRun part{
            band.row(first * a.stride - a.top + i) + tap,
            a.stride * band.row_stride,
            a.stride * a.source_channels,
            output_gradient + first * a.output_width * a.output_channels + channel,
            a.output_channels,
            end - first,
            a.output_width,
            packed_gradient + channel * a.taps() + (i * run + tap) * Block::kChannels};
        accumulate_run<kMostTaps>(taps, part, block);
      });
    }
  });
}

// The sum of the parts, in their order, of the channels [first, end), as [channel][tap].
void convolution_weights_sum(const retort::Correlation& a, int64_t parts, const float* packed_parts,
                             int64_t part_stride, int64_t first_channel, int64_t end_channel,
                             float* weights_gradient) {
  for_each_channel_block(first_channel, end_channel, [&](int64_t channel, auto block) {
    using Block = decltype(block);
    for (int64_t tap = 0; tap < a.taps(); ++tap) {
      const float* part = packed_parts + channel * a.taps() + tap * Block::kChannels;
      for (int v = 0; v < Block::kVectors; ++v) {
        Vector sum = load(part + v * kLanes);
        for (int64_t i = 1; i < parts; ++i) sum = sum + load(part + i * part_stride + v * kLanes);
        float lanes[kLanes];
        store(lanes, sum);
        for (int64_t o = v * kLanes; o < (v + 1) * kLanes && o < block.channels; ++o) {
          weights_gradient[(channel + o) * a.taps() + tap] = lanes[o - v * kLanes];
        }
      }
    }
  });
}

}  // namespace
