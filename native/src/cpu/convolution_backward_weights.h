// A band's share of the gradient on the weights:
//
//   gradient(o, i, j, c) += sum over y, x of
//       output_gradient(y, x, o) * source(y * stride + i - top, x * stride + j - left, c)
//
// Work: a run of neighbouring taps and one or two vectors of output channels live in registers; the
// loop over the pixels loads a vector of the output's gradient and multiplies it by each tap's
// element. Of few channels a run is too short to hide an addition behind the others, so all three rows
// of a kernel are taken together where registers hold them and the source has them.
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
  int64_t kernel_row_stride;
  int64_t window_row_stride;
  int64_t window_stride;
  const float* output_gradient;
  int64_t gradient_row_stride;
  int64_t gradient_stride;
  int64_t rows;
  int64_t columns;
  float* sums;  // [taps, channels of the block]
};

// T taps of each of H neighbouring rows of the kernel.
template <int H, int T, typename Block>
__attribute__((noinline)) void accumulate_taps(const TapRun& a, Block block) {
  constexpr int V = Block::kVectors;
  Vector sum[H * T][V];
#pragma GCC unroll 32
  for (int t = 0; t < H * T; ++t) {
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
      for (int t = 0; t < H * T; ++t) {
        const Vector element = broadcast(window[t / T * a.kernel_row_stride + t % T]);
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) sum[t][v] = multiply_add(element, gradient[v], sum[t][v]);
      }
    }
  }
#pragma GCC unroll 32
  for (int t = 0; t < H * T; ++t) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) store(a.sums + (t * V + v) * kLanes, sum[t][v]);
  }
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

// A band and the sums of a block of channels. The taps of a kernel row are taken together, or column by column.
struct BandTaps {
  const retort::Correlation& a;
  Band band;
  int64_t columns;  // that a kernel row's taps are cut into
  int64_t run;      // taps of a column
  const float* output_gradient;
  float* sums;
  int64_t channels;

  TapRun at(int64_t row, int64_t column, Range ys, Range xs) const {
    const int64_t gradient_row = a.output_width * a.output_channels;
    const int64_t x = xs.first * a.stride + column;
    return {band.row(ys.first * a.stride - a.top + row) + x * a.source_channels,
            band.row_stride,
            a.stride * band.row_stride,
            a.stride * a.source_channels,
            output_gradient + ys.first * gradient_row + xs.first * a.output_channels,
            gradient_row,
            a.output_channels,
            ys.size(),
            xs.size(),
            sums + (row * columns + column) * run * channels};
  }
};

// The taps of one kernel row, of the output's rows ys.
template <typename Block>
void accumulate_kernel_row(const BandTaps& taps, int64_t row, Range ys, Block block) {
  constexpr int kMostTaps = kConvolutionAccumulators / Block::kVectors;
  const retort::Correlation& a = taps.a;
  for (int64_t column = 0; column < taps.columns && ys.size() > 0; ++column) {
    Range xs{0, a.output_width};
    if (taps.columns > 1) xs = inside(column, a.left, a.source_width, a.stride, xs);
    if (xs.size() == 0) continue;
    for_each_equal_part(taps.run, kMostTaps, [&](int64_t tap, int64_t count) {
      TapRun part = taps.at(row, column, ys, xs);
      part.window += tap;
      part.sums += tap * Block::kChannels;
      with_constant<kMostTaps>(count, [&](auto constant) {
        accumulate_taps<1, decltype(constant)::value>(part, block);
      });
    });
  }
}

// Of few channels, the taps of all kernel rows, of the output's rows that it returns: none where they are too many.
template <typename Block>
Range accumulate_kernel(const BandTaps& taps, Range ys, Block block) {
  constexpr int kRows = 3;
  constexpr int kMostTaps = kConvolutionAccumulators / Block::kVectors / kRows;
  const retort::Correlation& a = taps.a;
  if (taps.columns > 1 || a.kernel_height != kRows || taps.run > kMostTaps)
    return {ys.first, ys.first};
  const Range with_top = inside(0, a.top, a.source_height, a.stride, ys);
  const Range whole = inside(kRows - 1, a.top, a.source_height, a.stride, with_top);
  if (whole.size() > 0) {
    const TapRun run = taps.at(0, 0, whole, {0, a.output_width});
    with_constant<kMostTaps>(taps.run, [&](auto constant) {
      accumulate_taps<kRows, decltype(constant)::value>(run, block);
    });
  }
  return whole;
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
  for_each_channel_block(first_channel, end_channel, [&](int64_t channel, auto block) {
    const BandTaps taps{a,
                        band,
                        columns,
                        run,
                        output_gradient + channel,
                        packed_gradient + channel * a.taps(),
                        block.kChannels};
    const Range done = accumulate_kernel(taps, {first_row, end_row}, block);
    for (int64_t row = 0; row < a.kernel_height; ++row) {
      const Range ys = inside(row, a.top, a.source_height, a.stride, {first_row, end_row});
      accumulate_kernel_row(taps, row, {ys.first, clamp(done.first, ys.first, ys.end)}, block);
      accumulate_kernel_row(taps, row, {clamp(done.end, ys.first, ys.end), ys.end}, block);
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
