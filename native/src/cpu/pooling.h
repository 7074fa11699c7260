// Pooling over windows of an image with its channels last.
//
//   max      y = max over the window of x      average  y = mean over the window of x
//
// The winner of a window is found by its value: `first_largest` returns one of its arguments bit by
// bit, so the winner is the first pixel with the bits of the maximum. A window's gradient is given
// to it once.
//
// Bytes: forward reads the input and writes the output once. Backward writes every element of the
// input's gradient once where windows do not overlap: each window also owns the pixels between it
// and the next, and the first and last those at the rim. Overlapping windows add to an image that
// is cleared first and stays in the cache. A task is a run of the output's rows (or whole images,
// where backward's windows overlap); a vector holds neighbouring channels.
#pragma once

#include "kernels.h"
#include "vector.h"

namespace {

// The part of a window that lies in the image, along one of its sides, and the pixels it owns.
struct Span {
  int64_t begin;
  int64_t end;
  int64_t owned_begin;
  int64_t owned_end;

  int64_t size() const { return end - begin; }
};

// kKernel: the size of the windows where it is a common one, so that loops over whole windows unroll;
// 0 for any other. kTiled: windows lie side by side without padding, so that all of them are whole.
template <int64_t kKernel, bool kTiled>
struct Windows {
  const retort::PoolingGeometry& geometry;

  Span rows(int64_t index) const {
    return span(index, geometry.output_height, geometry.pooling.input_height);
  }
  Span columns(int64_t index) const {
    return span(index, geometry.output_width, geometry.pooling.input_width);
  }

  // body(offset) for every pixel of a window, relative to its first.
  template <typename Body>
  void for_each_pixel(const Span& rows, const Span& columns, Body body) const {
    if constexpr (kKernel > 0) {
      if (is_whole(rows, columns)) {
        for (int64_t i = 0; i < kKernel * kKernel; ++i) body(offset(i / kKernel, i % kKernel));
        return;
      }
    }
    for (int64_t y = 0; y < rows.size(); ++y) {
      for (int64_t x = 0; x < columns.size(); ++x) body(offset(y, x));
    }
  }

  // The same, last pixel first.
  template <typename Body>
  void for_each_pixel_backwards(const Span& rows, const Span& columns, Body body) const {
    if constexpr (kKernel > 0) {
      if (is_whole(rows, columns)) {
        for (int64_t i = kKernel * kKernel; i-- > 0;) body(offset(i / kKernel, i % kKernel));
        return;
      }
    }
    for (int64_t y = rows.size() - 1; y >= 0; --y) {
      for (int64_t x = columns.size() - 1; x >= 0; --x) body(offset(y, x));
    }
  }

  // body(rows, columns, input, output) for every window: its sides and the offsets of its first
  // pixel in the input and of its pixel in the output.
  template <typename Body>
  void for_each(int64_t first_row, int64_t end_row, Body body) const {
    const retort_pooling& pooling = geometry.pooling;
    for (int64_t row = first_row; row < end_row; ++row) {
      const int64_t image = row / geometry.output_height;
      const Span y = rows(row % geometry.output_height);
      for (int64_t column = 0; column < geometry.output_width; ++column) {
        const Span x = columns(column);
        const int64_t pixel =
            (image * pooling.input_height + y.begin) * pooling.input_width + x.begin;
        body(y, x, pixel * pooling.channels,
             (row * geometry.output_width + column) * pooling.channels);
      }
    }
  }

  // Writes 0 to the pixels that a window owns without covering them. `gradient` is its first pixel.
  void clear_between(const Span& y, const Span& x, float* gradient) const {
    if (kTiled && y.owned_end == y.end && x.owned_end == x.end) return;
    const int64_t channels = geometry.pooling.channels;
    for (int64_t row = y.owned_begin; row < y.owned_end; ++row) {
      float* pixels =
          gradient + ((row - y.begin) * geometry.pooling.input_width - x.begin) * channels;
      if (row < y.begin || row >= y.end) {
        clear(pixels, x.owned_begin * channels, x.owned_end * channels);
      } else {
        clear(pixels, x.owned_begin * channels, x.begin * channels);
        clear(pixels, x.end * channels, x.owned_end * channels);
      }
    }
  }

  static void clear(float* elements, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) elements[i] = 0;
  }

 private:
  bool is_whole(const Span& rows, const Span& columns) const {
    if (kTiled) return true;
    return kKernel > 0 && rows.size() == kKernel && columns.size() == kKernel;
  }

  int64_t offset(int64_t row, int64_t column) const {
    return (row * geometry.pooling.input_width + column) * geometry.pooling.channels;
  }

  Span span(int64_t index, int64_t count, int64_t size) const {
    const int64_t stride = kTiled ? kKernel : geometry.pooling.stride;
    const int64_t begin = index * stride - (kTiled ? 0 : geometry.pooling.padding);
    const int64_t end = begin + (kTiled ? kKernel : geometry.pooling.kernel);
    const int64_t next = begin + stride;
    Span span;
    span.begin = begin < 0 ? 0 : begin;
    span.end = end > size ? size : end;
    span.owned_begin = index == 0 ? 0 : span.begin;
    span.owned_end = index + 1 == count || next > size ? size : next;
    return span;
  }
};

// Calls body(windows) with the windows of the case at hand.
template <typename Body>
void with_windows(const retort::PoolingGeometry& geometry, Body body) {
  const retort_pooling& pooling = geometry.pooling;
  if (pooling.kernel == 2 && pooling.stride == 2 && pooling.padding == 0) {
    body(Windows<2, true>{geometry});
  } else if (pooling.kernel == 3) {
    body(Windows<3, false>{geometry});
  } else {
    body(Windows<0, false>{geometry});
  }
}

// Clears the images that these rows make up, to which overlapping windows add.
void clear_images(const retort::PoolingGeometry& geometry, float* input_gradient, int64_t first_row,
                  int64_t end_row) {
  const retort_pooling& pooling = geometry.pooling;
  const int64_t image = pooling.input_height * pooling.input_width * pooling.channels;
  const int64_t first = first_row / geometry.output_height, end = end_row / geometry.output_height;
  for (int64_t i = first * image; i < end * image; ++i) input_gradient[i] = 0;
}

template <typename Windows, typename Lanes>
inline Vector window_maximum(const Windows& windows, const Span& y, const Span& x, Lanes lanes,
                             const float* input) {
  Vector largest = lanes.load(input, 0);
  windows.for_each_pixel(y, x, [&](int64_t offset) {
    if (offset > 0) largest = first_largest(largest, lanes.load(input + offset, 0));
  });
  return largest;
}

void max_pool_forward(const retort::PoolingGeometry& geometry, const float* input, float* output,
                      int64_t first_row, int64_t end_row) {
  with_windows(geometry, [&](auto windows) {
    windows.for_each(first_row, end_row, [&](Span y, Span x, int64_t from, int64_t to) {
      for_each_vector(geometry.pooling.channels, [&](int64_t c, auto lanes) {
        lanes.store(output + to + c, window_maximum(windows, y, x, lanes, input + from + c));
      });
    });
  });
}

void max_pool_backward(const retort::PoolingGeometry& geometry, const float* input,
                       const float* output_gradient, float* input_gradient, int64_t first_row,
                       int64_t end_row) {
  const bool add = geometry.windows_overlap;
  if (add) clear_images(geometry, input_gradient, first_row, end_row);
  with_windows(geometry, [&](auto windows) {
    windows.for_each(first_row, end_row, [&](Span y, Span x, int64_t from, int64_t to) {
      if (!add) windows.clear_between(y, x, input_gradient + from);
      for_each_vector(geometry.pooling.channels, [&](int64_t c, auto lanes) {
        const float* pixels = input + from + c;
        float* gradients = input_gradient + from + c;
        const Vector largest = window_maximum(windows, y, x, lanes, pixels);
        Vector left = lanes.load(output_gradient + to + c, 0);
        windows.for_each_pixel(y, x, [&](int64_t offset) {
          const Vector pixel = lanes.load(pixels + offset, 0);
          const Vector given = where_same_bits(pixel, largest, left, broadcast(0));
          left = where_same_bits(pixel, largest, broadcast(0), left);
          const Vector before = add ? lanes.load(gradients + offset, 0) : broadcast(0);
          lanes.store(gradients + offset, add ? before + given : given);
        });
      });
    });
  });
}

void max_pool_tangent(const retort::PoolingGeometry& geometry, const float* input,
                      const float* input_tangent, float* output_tangent, int64_t first_row,
                      int64_t end_row) {
  with_windows(geometry, [&](auto windows) {
    windows.for_each(first_row, end_row, [&](Span y, Span x, int64_t from, int64_t to) {
      for_each_vector(geometry.pooling.channels, [&](int64_t c, auto lanes) {
        const float* pixels = input + from + c;
        const Vector largest = window_maximum(windows, y, x, lanes, pixels);
        Vector tangent = broadcast(0);
        windows.for_each_pixel_backwards(y, x, [&](int64_t offset) {
          const Vector candidate = lanes.load(input_tangent + from + c + offset, 0);
          const Vector pixel = lanes.load(pixels + offset, 0);
          tangent = where_same_bits(pixel, largest, candidate, tangent);
        });
        lanes.store(output_tangent + to + c, tangent);
      });
    });
  });
}

void average_pool_forward(const retort::PoolingGeometry& geometry, const float* input,
                          float* output, int64_t first_row, int64_t end_row) {
  with_windows(geometry, [&](auto windows) {
    windows.for_each(first_row, end_row, [&](Span y, Span x, int64_t from, int64_t to) {
      const Vector share = broadcast(1 / static_cast<float>(y.size() * x.size()));
      for_each_vector(geometry.pooling.channels, [&](int64_t c, auto lanes) {
        Vector sum = broadcast(0);
        windows.for_each_pixel(
            y, x, [&](int64_t offset) { sum = sum + lanes.load(input + from + c + offset, 0); });
        lanes.store(output + to + c, sum * share);
      });
    });
  });
}

void average_pool_backward(const retort::PoolingGeometry& geometry, const float* output_gradient,
                           float* input_gradient, int64_t first_row, int64_t end_row) {
  const bool add = geometry.windows_overlap;
  if (add) clear_images(geometry, input_gradient, first_row, end_row);
  with_windows(geometry, [&](auto windows) {
    windows.for_each(first_row, end_row, [&](Span y, Span x, int64_t from, int64_t to) {
      if (!add) windows.clear_between(y, x, input_gradient + from);
      const Vector share = broadcast(1 / static_cast<float>(y.size() * x.size()));
      for_each_vector(geometry.pooling.channels, [&](int64_t c, auto lanes) {
        float* gradients = input_gradient + from + c;
        const Vector given = lanes.load(output_gradient + to + c, 0) * share;
        windows.for_each_pixel(y, x, [&](int64_t offset) {
          const Vector before = add ? lanes.load(gradients + offset, 0) : broadcast(0);
          lanes.store(gradients + offset, add ? before + given : given);
        });
      });
    });
  });
}

}  // namespace
