// Pooling over windows of an image with its channels last.
//
//   max      y = max over the window of x      average  y = mean over the window of x
//
// Bytes: forward reads the input and writes the output once. Backward writes every element of the input's gradient
// once: it gathers, for a pixel, from the windows that cover it, in their order, and looks for each of them whether
// the pixel wins. What overlapping windows read again comes out of the caches: a pixel is read by each of the threads
// whose windows cover it, at kernel 3 and stride 2 some twenty times, which is about what the first-level cache gives
// while memory gives the input once.
//
// A thread has a quad of channels of a pixel of the side it writes, neighbours the next channels and pixels. Blocks
// take rows of the image: several where a row is short, so that lanes are full, a row in several turns where it is
// long; the division that finds a thread's pixel is one of 32 bits.
#pragma once

#include "launch.cuh"
#include "quads.cuh"
#include "winner.cuh"

namespace retort::cuda {

// Kernels ask for at least one block a multiprocessor: not asked, the compiler keeps to 48 registers and spills.
constexpr int kPoolingThreads = 256;

struct Span {
  int begin;
  int end;

  __device__ int size() const { return end - begin; }
};

// The windows along one side of an image.
struct PoolingSide {
  int input;
  int output;
  int kernel;
  int stride;
  int padding;

  // The part in the image of a window.
  __device__ Span window(int index) const {
    const int begin = index * stride - padding, end = begin + kernel;
    return {begin < 0 ? 0 : begin, end > input ? input : end};
  }

  // The windows that cover a pixel.
  __device__ Span covering(int pixel) const {
    const int from_first = pixel + padding;  // of the padded image
    const int last = from_first / stride;
    return {from_first < kernel ? 0 : (from_first - kernel) / stride + 1,
            last < output ? last + 1 : output};
  }
};

struct PoolingParameters {
  unsigned images;
  int channels;
  unsigned lanes;  // threads along a row, a power of two
  PoolingSide rows;
  PoolingSide columns;
  const float* input;
  const float* direction;  // of a tangent, the input's; of backward, the output's gradient
  float* output;           // the side that is written
};

// Where an image's pixels lie.
struct Pixels {
  int64_t first;  // element of the image
  int width;
  int channels;

  __device__ Pixels(int64_t image, int height, int width, int channels)
      : first(image * height * width * channels), width(width), channels(channels) {}
  __device__ int64_t at(int row, int column) const {
    return first + (static_cast<int64_t>(row) * width + column) * channels;
  }
};

// body(quad, input's pixels, output's pixels, row, column) for every quad of pixels [images, height, width] that is the
// thread's.
template <bool kAligned, typename Body>
__device__ void for_each_quad(const PoolingParameters& a, unsigned height, unsigned width,
                              Body body) {
  const unsigned quads = (a.channels - 1) / kQuad + 1;
  const unsigned rows_at_once = kPoolingThreads / a.lanes, rows = a.images * height;
  for (unsigned row = blockIdx.x * rows_at_once + threadIdx.x / a.lanes; row < rows;
       row += gridDim.x * rows_at_once) {
    const unsigned image = row / height;
    const Pixels in(image, a.rows.input, a.columns.input, a.channels);
    const Pixels out(image, a.rows.output, a.columns.output, a.channels);
    for (unsigned i = threadIdx.x % a.lanes; i < width * quads; i += a.lanes) {
      const unsigned column = i / quads;
      const QuadOfRow<kAligned> quad{static_cast<int>((i - column * quads) * kQuad), a.channels};
      body(quad, in, out, static_cast<int>(row - image * height), static_cast<int>(column));
    }
  }
}

// body(row, column) for every pixel of a rectangle, row by row.
template <typename Body>
__device__ void for_each_pixel(Span rows, Span columns, Body body) {
  for (int row = rows.begin; row < rows.end; ++row) {
    for (int column = columns.begin; column < columns.end; ++column) body(row, column);
  }
}

// What the winner of every channel carries: a window's input itself, or another number of the same pixel.
template <bool kAligned, typename Carried>
__device__ Quad carried_by_winner(const PoolingParameters& a, const QuadOfRow<kAligned>& quad,
                                  const Pixels& pixels, Span rows, Span columns, Carried carried) {
  Quad largest = quad.load(a.input + pixels.at(rows.begin, columns.begin));
  Quad result = carried(rows.begin, columns.begin, largest);
  for_each_pixel(rows, columns, [&](int row, int column) {
    const Quad candidate = quad.load(a.input + pixels.at(row, column));
    const Quad other = carried(row, column, candidate);
#pragma unroll
    for (int i = 0; i < kQuad; ++i) {
      const bool larger = is_larger(candidate.at(i), largest.at(i));
      largest.set(i, larger ? candidate.at(i) : largest.at(i));
      result.set(i, larger ? other.at(i) : result.at(i));
    }
  });
  return result;
}

template <bool kAligned>
__global__ void __launch_bounds__(kPoolingThreads, 1)
    max_pool_forward(const __grid_constant__ PoolingParameters a) {
  for_each_quad<kAligned>(
      a, a.rows.output, a.columns.output,
      [&](const auto& quad, const Pixels& in, const Pixels& out, int row, int column) {
        quad.store(a.output + out.at(row, column),
                   carried_by_winner(a, quad, in, a.rows.window(row), a.columns.window(column),
                                     [](int, int, const Quad& pixel) { return pixel; }));
      });
}

template <bool kAligned>
__global__ void __launch_bounds__(kPoolingThreads, 1)
    max_pool_tangent(const __grid_constant__ PoolingParameters a) {
  for_each_quad<kAligned>(
      a, a.rows.output, a.columns.output,
      [&](const auto& quad, const Pixels& in, const Pixels& out, int row, int column) {
        quad.store(a.output + out.at(row, column),
                   carried_by_winner(a, quad, in, a.rows.window(row), a.columns.window(column),
                                     [&](int y, int x, const Quad&) {
                                       return quad.load(a.direction + in.at(y, x));
                                     }));
      });
}

template <bool kAligned>
__global__ void __launch_bounds__(kPoolingThreads, 1)
    max_pool_backward(const __grid_constant__ PoolingParameters a) {
  for_each_quad<kAligned>(
      a, a.rows.input, a.columns.input,
      [&](const auto& quad, const Pixels& in, const Pixels& out, int row, int column) {
        Quad gradient = quad_of([](int) { return 0.0F; });
        for_each_pixel(a.rows.covering(row), a.columns.covering(column), [&](int y, int x) {
          const Quad given = quad.load(a.direction + out.at(y, x));
          const Quad wins = carried_by_winner(
              a, quad, in, a.rows.window(y), a.columns.window(x), [&](int i, int j, const Quad&) {
                const float here = i == row && j == column ? 1.0F : 0.0F;
                return quad_of([&](int) { return here; });
              });
#pragma unroll
          for (int i = 0; i < kQuad; ++i) {
            gradient.set(i, wins.at(i) != 0 ? gradient.at(i) + given.at(i) : gradient.at(i));
          }
        });
        quad.store(a.output + in.at(row, column), gradient);
      });
}

__device__ inline float share_of_window(Span rows, Span columns) {
  return 1 / static_cast<float>(static_cast<int64_t>(rows.size()) * columns.size());
}

template <bool kAligned>
__global__ void __launch_bounds__(kPoolingThreads, 1)
    average_pool_forward(const __grid_constant__ PoolingParameters a) {
  for_each_quad<kAligned>(
      a, a.rows.output, a.columns.output,
      [&](const auto& quad, const Pixels& in, const Pixels& out, int row, int column) {
        const Span rows = a.rows.window(row), columns = a.columns.window(column);
        Quad sum = quad_of([](int) { return 0.0F; });
        for_each_pixel(rows, columns, [&](int y, int x) {
          const Quad pixel = quad.load(a.input + in.at(y, x));
#pragma unroll
          for (int i = 0; i < kQuad; ++i) sum.set(i, sum.at(i) + pixel.at(i));
        });
        const float share = share_of_window(rows, columns);
        quad.store(a.output + out.at(row, column),
                   quad_of([&](int i) { return sum.at(i) * share; }));
      });
}

template <bool kAligned>
__global__ void __launch_bounds__(kPoolingThreads, 1)
    average_pool_backward(const __grid_constant__ PoolingParameters a) {
  for_each_quad<kAligned>(
      a, a.rows.input, a.columns.input,
      [&](const auto& quad, const Pixels& in, const Pixels& out, int row, int column) {
        Quad gradient = quad_of([](int) { return 0.0F; });
        for_each_pixel(a.rows.covering(row), a.columns.covering(column), [&](int y, int x) {
          const float share = share_of_window(a.rows.window(y), a.columns.window(x));
          const Quad given = quad.load(a.direction + out.at(y, x));
#pragma unroll
          for (int i = 0; i < kQuad; ++i) gradient.set(i, gradient.at(i) + given.at(i) * share);
        });
        quad.store(a.output + in.at(row, column), gradient);
      });
}

}  // namespace retort::cuda
