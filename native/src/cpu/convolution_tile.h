// What the convolution kernels share: how channels are cut into blocks of vectors, and the
// zero-padded tile they read.
//
// In channels-last images the taps (j, c) of one kernel row lie side by side, for any stride: a
// window is kernel_height runs of kernel_width * channels floats. So a convolution is a matrix
// product whose left matrix, [pixels, taps], lies in the image already, its rows overlapping. Only
// padding spoils this, so a band of rows that meets the padding is copied to a tile with zeros
// around it.
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

// The windows of a band of output rows: element (i, j, c) of the window of (y, x), y counted from
// the first row, is pixels[(y * stride + i) * row_stride + (x * stride + j) * channels + c].
struct Band {
  const float* pixels;
  int64_t row_stride;
};

void set_zero(float* p, int64_t floats) {
  memset(p, 0, static_cast<size_t>(floats) * sizeof(float));
}

Band padded_band(const retort::Correlation& a, const float* source, int64_t first_row,
                 int64_t end_row, float* tile) {
  const int64_t top = first_row * a.stride - a.top;
  const int64_t left = -a.left;
  const int64_t rows = (end_row - first_row - 1) * a.stride + a.kernel_height;
  const int64_t columns = (a.output_width - 1) * a.stride + a.kernel_width;
  const int64_t pixel = a.source_channels;
  if (top >= 0 && top + rows <= a.source_height && left >= 0 && left + columns <= a.source_width) {
    return {source + (top * a.source_width + left) * pixel, a.source_width * pixel};
  }
  int64_t zeros_before = left < 0 ? -left : 0;
  zeros_before = zeros_before < columns ? zeros_before : columns;
  int64_t end = a.source_width - left;  // of the columns in the tile that the source has
  end = end < columns ? end : columns;
  end = end > zeros_before ? end : zeros_before;
  for (int64_t i = 0; i < rows; ++i) {
    float* row = tile + i * columns * pixel;
    const int64_t y = top + i;
    if (y < 0 || y >= a.source_height) {
      set_zero(row, columns * pixel);
      continue;
    }
    set_zero(row, zeros_before * pixel);
    memcpy(row + zeros_before * pixel, source + (y * a.source_width + left + zeros_before) * pixel,
           static_cast<size_t>((end - zeros_before) * pixel) * sizeof(float));
    set_zero(row + end * pixel, (columns - end) * pixel);
  }
  return {tile, columns * pixel};
}

}  // namespace
