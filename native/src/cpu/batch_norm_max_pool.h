// Batch normalisation whose output goes into max pooling alone, and so is never written:
//
//   y = max over a window of n * scale + shift,   n = (x - mean) * inverse_deviation
//
// The windows lie side by side. Every sweep normalises a window's pixels again, with the same operations, and the
// winner is the first with the bits of the maximum, as in pooling.h. The rectifier is monotonic, so it takes the maximum
// alone; a window whose maximum it stops has no gradient, whichever pixel won. The derivatives are those of
// batch_norm.h, whose direction is that of the window for its winner and 0 for all other pixels; for backward
//
//   dx = p * (dy of the window where x wins) + q * (x - mean) + r
//
// Bytes: with windows of 2 x 2 forward reads the input and writes a quarter as much; the sums read the input and a
// quarter as much; backward reads that again and writes the input's gradient. A task is a run of the output's rows; a
// vector holds neighbouring channels.
#pragma once

#include "batch_norm.h"
#include "column_panels.h"
#include "kernels.h"
#include "vector.h"

namespace {

// kKernel: the side of a window where it is a common one, so that its loops unroll; 0 for any other.
template <int64_t kKernel>
struct WindowPixels {
  int64_t kernel;
  int64_t pixel_stride;
  int64_t row_stride;

  int64_t side() const { return kKernel > 0 ? kKernel : kernel; }

  // body(offset) for every pixel, relative to the first.
  template <typename Body>
  inline __attribute__((always_inline)) void for_each(Body body) const {
    for (int64_t y = 0; y < side(); ++y) {
      for (int64_t x = 0; x < side(); ++x) body(y * row_stride + x * pixel_stride);
    }
  }

  // The same, last pixel first, so that what the first finds stays.
  template <typename Body>
  inline __attribute__((always_inline)) void for_each_backwards(Body body) const {
    for (int64_t y = side() - 1; y >= 0; --y) {
      for (int64_t x = side() - 1; x >= 0; --x) body(y * row_stride + x * pixel_stride);
    }
  }

  template <typename Lanes>
  inline __attribute__((always_inline)) Vector maximum_at(const Normalization& normalized,
                                                          Lanes lanes, const float* input) const {
    Vector largest = normalized(lanes.load(input, 0));
    for_each([&](int64_t offset) {
      if (offset > 0) largest = first_largest(largest, normalized(lanes.load(input + offset, 0)));
    });
    return largest;
  }
};

// A row of windows: where their pixels of the input begin and where the output's lie.
struct WindowRow {
  int64_t input;
  int64_t output;
  int64_t row;  // of the output, in its image
};

template <typename Body>
void for_each_window_row(const retort::PoolingGeometry& geometry, int64_t first_row,
                         int64_t end_row, Body body) {
  const retort_pooling& pooling = geometry.pooling;
  const int64_t input_row = pooling.input_width * pooling.channels;
  const int64_t output_row = geometry.output_width * pooling.channels;
  for (int64_t r = first_row; r < end_row; ++r) {
    const int64_t image = r / geometry.output_height, row = r % geometry.output_height;
    const int64_t top = image * pooling.input_height + row * pooling.kernel;
    body(WindowRow{top * input_row, r * output_row, row});
  }
}

// body(windows) with the windows of the case at hand.
template <typename Body>
void with_window_pixels(const retort_pooling& pooling, Body body) {
  const int64_t channels = pooling.channels, row = pooling.input_width * channels;
  if (pooling.kernel == 2) {
    body(WindowPixels<2>{2, channels, row});
  } else {
    body(WindowPixels<0>{pooling.kernel, channels, row});
  }
}

void batch_norm_max_pool(const retort::BatchNormChannels& channels,
                         const retort::PoolingGeometry& geometry, const float* input, float* output,
                         int64_t first_row, int64_t end_row) {
  const int64_t stride = channels.stride, width = geometry.output_width;
  const Vector least = broadcast(channels.rectify ? 0 : -INFINITY);
  with_window_pixels(geometry.pooling, [&](auto window) {
    for_each_window_row(geometry, first_row, end_row, [&](WindowRow row) {
      for_each_vector(channels.count, [&](int64_t j, auto lanes) {
        const Normalization normalized(channels, j, lanes);
        const float* x = input + row.input + j;
        float* y = output + row.output + j;
        for (int64_t i = 0; i < width; ++i, x += window.side() * stride, y += stride) {
          lanes.store(y, maximum(least, window.maximum_at(normalized, lanes, x)));
        }
      });
    });
  });
}

// Sums over the windows of the direction, and of it times the winner's centred input.
void batch_norm_max_pool_sums(const retort::BatchNormChannels& channels,
                              const retort::PoolingGeometry& geometry, const float* input,
                              const float* direction, float* sum, float* centred_sum,
                              int64_t first_row, int64_t end_row) {
  const int64_t stride = channels.stride, width = geometry.output_width;
  for_each_vector(channels.count, [&](int64_t j, auto lanes) {
    lanes.store(sum + j, broadcast(0));
    lanes.store(centred_sum + j, broadcast(0));
  });
  with_window_pixels(geometry.pooling, [&](auto window) {
    for_each_window_row(geometry, first_row, end_row, [&](WindowRow row) {
      for_each_vector(channels.count, [&](int64_t j, auto lanes) {
        const Normalization normalized(channels, j, lanes);
        const auto sums = sum_over_rows<2>(0, width, [&](int64_t i, Vector* total) {
          const float* pixels = input + row.input + j + i * window.side() * stride;
          const Vector largest = window.maximum_at(normalized, lanes, pixels);
          Vector centred = broadcast(0);
          window.for_each_backwards([&](int64_t offset) {
            const Vector x = lanes.load(pixels + offset, 0);
            centred = where_same_bits(normalized(x), largest, x - normalized.mean, centred);
          });
          Vector d = lanes.load(direction + row.output + j + i * stride, 0);
          if (channels.rectify) d = keep_where_positive(largest, d);
          total[0] = total[0] + d;
          total[1] = multiply_add(centred, d, total[1]);
        });
        lanes.store(sum + j, lanes.load(sum + j, 0) + sums.of[0]);
        lanes.store(centred_sum + j, lanes.load(centred_sum + j, 0) + sums.of[1]);
      });
    });
  });
}

// The gradient on pixels that no window covers: `pixels` of them from `first` on.
void uncovered_gradient(const retort::BatchNormChannels& channels,
                        const retort::BatchNormDerivative& derivative, const float* input,
                        int64_t first, int64_t pixels) {
  for_each_vector(channels.count, [&](int64_t j, auto lanes) {
    const Normalization normalized(channels, j, lanes);
    const DerivativeVectors factors(derivative, j, lanes);
    for (int64_t i = 0; i < pixels; ++i) {
      const int64_t at = first + i * channels.stride + j;
      const Vector x = lanes.load(input + at, 0);
      lanes.store(derivative.output + at,
                  multiply_add(factors.centred, x - normalized.mean, factors.constant));
    }
  });
}

// To the right of a row of windows, and below the last of an image.
void uncovered_gradients(const retort::BatchNormChannels& channels,
                         const retort::PoolingGeometry& geometry,
                         const retort::BatchNormDerivative& derivative, const float* input,
                         WindowRow row) {
  const retort_pooling& pooling = geometry.pooling;
  const int64_t width = pooling.input_width, covered = geometry.output_width * pooling.kernel;
  for (int64_t i = 0; i < pooling.kernel && covered < width; ++i) {
    uncovered_gradient(channels, derivative, input,
                       row.input + (i * width + covered) * channels.stride, width - covered);
  }
  if (row.row + 1 < geometry.output_height) return;
  const int64_t below = pooling.input_height - geometry.output_height * pooling.kernel;
  uncovered_gradient(channels, derivative, input,
                     row.input + pooling.kernel * width * channels.stride, below * width);
}

void batch_norm_max_pool_backward(const retort::BatchNormChannels& channels,
                                  const retort::PoolingGeometry& geometry,
                                  const retort::BatchNormDerivative& derivative, const float* input,
                                  int64_t first_row, int64_t end_row) {
  const int64_t stride = channels.stride, width = geometry.output_width;
  with_window_pixels(geometry.pooling, [&](auto window) {
    for_each_window_row(geometry, first_row, end_row, [&](WindowRow row) {
      for_each_vector(channels.count, [&](int64_t j, auto lanes) {
        const Normalization normalized(channels, j, lanes);
        const DerivativeVectors factors(derivative, j, lanes);
        const float* pixels = input + row.input + j;
        const float* dy = derivative.direction + row.output + j;
        float* dx = derivative.output + row.input + j;
        for (int64_t i = 0; i < width; ++i) {
          const Vector largest = window.maximum_at(normalized, lanes, pixels);
          Vector left = lanes.load(dy, 0);
          if (channels.rectify) left = keep_where_positive(largest, left);
          window.for_each([&](int64_t offset) {
            const Vector x = lanes.load(pixels + offset, 0), y = normalized(x);
            const Vector given = where_same_bits(y, largest, left, broadcast(0));
            left = where_same_bits(y, largest, broadcast(0), left);
            const Vector of_all =
                multiply_add(factors.centred, x - normalized.mean, factors.constant);
            lanes.store(dx + offset, multiply_add(factors.direction, given, of_all));
          });
          pixels += window.side() * stride;
          dx += window.side() * stride;
          dy += stride;
        }
      });
      uncovered_gradients(channels, geometry, derivative, input, row);
    });
  });
}

void batch_norm_max_pool_tangent(const retort::BatchNormChannels& channels,
                                 const retort::PoolingGeometry& geometry,
                                 const retort::BatchNormDerivative& derivative, const float* input,
                                 int64_t first_row, int64_t end_row) {
  const int64_t stride = channels.stride;
  with_window_pixels(geometry.pooling, [&](auto window) {
    for_each_window_row(geometry, first_row, end_row, [&](WindowRow row) {
      for_each_vector(channels.count, [&](int64_t j, auto lanes) {
        const Normalization normalized(channels, j, lanes);
        const DerivativeVectors factors(derivative, j, lanes);
        for (int64_t i = 0; i < geometry.output_width; ++i) {
          const int64_t at = row.input + i * window.side() * stride + j;
          const Vector largest = window.maximum_at(normalized, lanes, input + at);
          Vector tangent = broadcast(0);
          window.for_each_backwards([&](int64_t offset) {
            const Vector x = lanes.load(input + at + offset, 0);
            Vector of_pixel = multiply_add(factors.centred, x - normalized.mean, factors.constant);
            if (derivative.direction != nullptr) {
              const Vector d = lanes.load(derivative.direction + at + offset, 0);
              of_pixel = multiply_add(factors.direction, d, of_pixel);
            }
            tangent = where_same_bits(normalized(x), largest, of_pixel, tangent);
          });
          if (channels.rectify) tangent = keep_where_positive(largest, tangent);
          lanes.store(derivative.output + row.output + i * stride + j, tangent);
        }
      });
    });
  });
}

}  // namespace
