// A band's share of the gradient on the weights:
//
//   gradient(o, i, j, c) += sum over y, x of
//       output_gradient(y, x, o) * source(y * stride + i - top, x * stride + j - left, c)
//
// Work: a run of neighbouring taps and one or two vectors of output channels live in registers; the
// loop over the pixels loads a vector of the output's gradient and multiplies it by each tap's
// element.
//
// Bytes: source and output gradient come from memory once and are read again for each run of taps,
// from the first two caches; the sums are read and written once a band.
#pragma once

#include "convolution.h"
#include "convolution_tile.h"
#include "kernels.h"
#include "vector.h"

namespace {

struct TapRun {
  const float* window;  // of the first pixel, at the first tap
  int64_t window_row_stride;
  int64_t window_stride;
  const float* output_gradient;
  int64_t gradient_row_stride;
  int64_t gradient_stride;
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
  for (int64_t y = 0; y < a.rows; ++y) {
    const float* window = a.window + y * a.window_row_stride;
    const float* g = a.output_gradient + y * a.gradient_row_stride;
    for (int64_t x = 0; x < a.columns; ++x, window += a.window_stride, g += a.gradient_stride) {
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
int64_t divide_up(int64_t a, int64_t b) { return a > 0 ? (a + b - 1) / b : 0; }

struct Range {
  int64_t first;
  int64_t end;

  int64_t size() const { return end - first; }
};

// Those of the outputs along one axis whose tap lies inside the source.
Range inside(int64_t tap, int64_t padding, int64_t source, int64_t stride, Range outputs) {
  const int64_t first = clamp(divide_up(padding - tap, stride), outputs.first, outputs.end);
  return {first, clamp(divide_up(source + padding - tap, stride), first, outputs.end)};
}

// Adds to the sums, packed as weights are but without biases: [block][tap][channel of the block].
void convolution_weights_rows(const retort::Correlation& a, const float* source,
                              const float* output_gradient, int64_t first_row, int64_t end_row,
                              int64_t first_channel, int64_t end_channel, float* tile,
                              float* packed_gradient) {
  const bool by_column = a.source_channels >= kManyChannels;
  const Band band =
      by_column ? unpadded_band(a, source) : padded_band(a, source, first_row, end_row, tile);
  const int64_t columns = by_column ? a.kernel_width : 1;
  const int64_t run = a.kernel_width / columns * a.source_channels;
  const int64_t gradient_row = a.output_width * a.output_channels;
  for_each_channel_block(first_channel, end_channel, [&](int64_t channel, auto block) {
    using Block = decltype(block);
    constexpr int kMostTaps = kConvolutionAccumulators / Block::kVectors;
    float* sums = packed_gradient + channel * a.taps();
    for (int64_t i = 0; i < a.kernel_height; ++i) {
      const Range rows = inside(i, a.top, a.source_height, a.stride, {first_row, end_row});
      for (int64_t j = 0; j < columns; ++j, sums += run * Block::kChannels) {
        Range xs{0, a.output_width};
        if (by_column) xs = inside(j, a.left, a.source_width, a.stride, xs);
        if (rows.size() == 0 || xs.size() == 0) continue;
        const float* windows = band.row(rows.first * a.stride - a.top + i) +
                               (xs.first * a.stride + j) * a.source_channels;
        const float* gradient =
            output_gradient + rows.first * gradient_row + xs.first * a.output_channels + channel;
        for_each_equal_part(run, kMostTaps, [&](int64_t tap, int64_t taps) {
          const TapRun part{windows + tap,
                            a.stride * band.row_stride,
                            a.stride * a.source_channels,
                            gradient,
                            gradient_row,
                            a.output_channels,
                            rows.size(),
                            xs.size(),
                            sums + tap * Block::kChannels};
          accumulate_run<kMostTaps>(taps, part, block);
        });
      }
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
