// What the convolution kernels share: how channels are cut into blocks of vectors, and the
// zero-padded tile they read.
//
// In channels-last images the taps (j, c) of one kernel row lie side by side, for any stride: a
// window is kernel_height runs of kernel_width * channels floats. So a convolution is a matrix
// product whose left matrix, [pixels, taps], lies in the image already, its rows overlapping. Only
// padding spoils this. Rows of padding are skipped; columns are skipped where that is cheap, else a
// band of rows is copied to a tile with zeros on either side.
#pragma once

#include <string.h>

#include "kernels.h"
#include "vector.h"

namespace {

// V vectors of channels; only the last block of a convolution may be partial, and it has one
// vector.
template <int V, typename L>
struct ChannelBlock {
  static constexpr int kVectors = V;
  using Lanes = L;
  static constexpr int64_t kChannels = V * kLanes;
  Lanes lanes;
  int64_t channels;
};

// body(channel, block) over the channels [first, end); first is a multiple of 2 * kLanes.
template <typename Body>
void for_each_channel_block(int64_t first, int64_t end, Body body) {
  int64_t channel = first;
  for (; channel + 2 * kLanes <= end; channel += 2 * kLanes) {
    body(channel, ChannelBlock<2, AllLanes>{{}, 2 * kLanes});
  }
  if (channel + kLanes <= end) {
    body(channel, ChannelBlock<1, AllLanes>{{}, kLanes});
    channel += kLanes;
  }
  if (channel < end) {
    body(channel, ChannelBlock<1, FirstLanes>{{end - channel}, end - channel});
  }
}

// Equal parts of [0, size), as few as parts of at most `most` can be: body(first, part).
template <typename Body>
void for_each_equal_part(int64_t size, int64_t most, Body body) {
  const int64_t parts = (size + most - 1) / most;
  for (int64_t i = 0, first = 0; i < parts; ++i) {
    const int64_t part = (size - first) / (parts - i);
    body(first, part);
    first += part;
  }
}

// body(constant) with the count, from 1 to kMost, as a constant of the type RowCount.
template <int kMost, typename Body>
inline __attribute__((always_inline)) void with_constant(int64_t count, Body body) {
  if constexpr (kMost > 1) {
    if (count < kMost) return with_constant<kMost - 1>(count, body);
  }
  body(RowCount<kMost>{});
}

// The rows of the source that the windows of a band of output rows meet, padded on the left and on
// the right: tap (j, c) of output column x in source row r is pixels[(r - first_row) * row_stride +
// (x * stride + j) * channels + c].
struct Band {
  const float* pixels;
  int64_t first_row;
  int64_t row_stride;

  const float* row(int64_t r) const { return pixels + (r - first_row) * row_stride; }
};

int64_t clamp(int64_t x, int64_t least, int64_t most) {
  return x < least ? least : x > most ? most : x;
}

void set_zero(float* p, int64_t floats) {
  memset(p, 0, static_cast<size_t>(floats) * sizeof(float));
}

// From this many channels on, the taps of one kernel column are work enough for an inner loop, and
// columns of padding can be skipped; with fewer, those of a kernel row are taken together.
constexpr int64_t kManyChannels = 8;

// Columns beyond the source on the right that the last window meets.
int64_t right_padding(const retort::Correlation& a) {
  return (a.output_width - 1) * a.stride + a.kernel_width - a.left - a.source_width;
}

// The source itself: its columns of padding are not there to be read.
Band unpadded_band(const retort::Correlation& a, const float* source) {
  return {source - a.left * a.source_channels, 0, a.source_width * a.source_channels};
}

// The source itself where no column of padding is met, else a copy in the tile.
Band padded_band(const retort::Correlation& a, const float* source, int64_t first_row,
                 int64_t end_row, float* tile) {
  if (a.left <= 0 && right_padding(a) <= 0) return unpadded_band(a, source);
  const int64_t first = clamp(first_row * a.stride - a.top, 0, a.source_height);
  const int64_t end =
      clamp((end_row - 1) * a.stride - a.top + a.kernel_height, first, a.source_height);
  const int64_t columns = (a.output_width - 1) * a.stride + a.kernel_width;
  const int64_t pixel = a.source_channels;
  const int64_t source_stride = a.source_width * pixel;
  // Columns of the tile: zeros, then those of the source from first_column on, then zeros.
  const int64_t zeros = clamp(a.left, 0, columns);
  const int64_t zeros_after = clamp(a.source_width + a.left, zeros, columns);
  const int64_t first_column = a.left < 0 ? -a.left : 0;
  for (int64_t r = first; r < end; ++r) {
    float* row = tile + (r - first) * columns * pixel;
    set_zero(row, zeros * pixel);
    memcpy(row + zeros * pixel, source + r * source_stride + first_column * pixel,
           static_cast<size_t>((zeros_after - zeros) * pixel) * sizeof(float));
    set_zero(row + zeros_after * pixel, (columns - zeros_after) * pixel);
  }
  return {tile, first, columns * pixel};
}

}  // namespace
