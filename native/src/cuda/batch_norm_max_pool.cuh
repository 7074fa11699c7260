// Batch normalisation whose output goes into max pooling alone, and so is never written:
//
//   y = max over a window of n * scale + shift,   n = (x - mean) * inverse_deviation
//
// The windows lie side by side. Statistics, and what the sums of a derivative make of a channel, are those of
// batch_norm.cuh, as are both derivatives, whose direction is the window's for its winner and 0 for its other pixels:
//
//   backward  dx = p * (dy of the window where x wins) + q * (x - mean) + r
//   tangent   y' = (p * x' + q * (x - mean) + r) of the window's winner
//
// Every sweep normalises the pixels again, with the same operations, and so finds the same winner. The rectifier is
// monotonic, so it takes the maximum alone; a window whose maximum it stops has no gradient, whichever pixel won.
//
// Bytes: with windows of 2 x 2 forward reads the input and writes a quarter as much, behind statistics that read it
// too; the sums of backward read the input and a quarter as much; its sweep reads that again and writes the input's
// gradient. The tangent reads two matrices and writes a quarter of one.
//
// A thread has a quad of channels and every so many windows of a chunk, as ColumnTasks cut a matrix [windows, channels];
// neighbours have the next channels and windows. The four pixels of the common window are loaded at once and stay in
// registers. In the sweep that writes the input's gradient the windows are cells: those that the images' edges cut off
// have pixels that no window covers, and no window.
#pragma once

#include "batch_norm.cuh"
#include "winner.cuh"

namespace retort::cuda {

// ---- where windows lie ----

struct Cell {
  int64_t image;
  int64_t row;  // of cells, in the image
  int64_t column;
};

// Cells of the size of a window, row by row, image by image.
struct CellGrid {
  int64_t side;    // of a cell, in pixels
  int64_t height;  // of an image, in cells
  int64_t width;
  int64_t whole_height;  // those of them that are windows
  int64_t whole_width;
  int64_t input_height;  // of an image, in pixels
  int64_t input_width;

  __device__ Cell cell(int64_t index) const {
    const int64_t row = index / width;
    return {row / height, row % height, index % width};
  }

  // The one so many cells behind, without a division.
  __device__ Cell behind(const Cell& cell, const Cell& step) const {
    Cell next{cell.image + step.image, cell.row + step.row, cell.column + step.column};
    if (next.column >= width) {
      next.column -= width;
      ++next.row;
    }
    if (next.row >= height) {
      next.row -= height;
      ++next.image;
    }
    return next;
  }

  __device__ bool is_whole(const Cell& cell) const {
    return cell.row < whole_height && cell.column < whole_width;
  }
  __device__ int64_t window(const Cell& cell) const {
    return (cell.image * whole_height + cell.row) * whole_width + cell.column;
  }
  __device__ int64_t first_pixel(const Cell& cell) const {
    return (cell.image * input_height + cell.row * side) * input_width + cell.column * side;
  }
  // How many rows and columns of pixels a cell has in its image.
  __device__ int64_t rows(const Cell& cell) const { return within(cell.row, input_height); }
  __device__ int64_t columns(const Cell& cell) const { return within(cell.column, input_width); }

 private:
  __device__ int64_t within(int64_t index, int64_t input) const {
    const int64_t left = input - index * side;
    return left < side ? left : side;
  }
};

// body(cell) for each of the thread's.
template <bool kAligned, typename Body>
__device__ void for_each_cell(const ColumnThread<kAligned>& thread, const CellGrid& grid,
                              Body body) {
  const Cell step = grid.cell(thread.row_step());
  Cell cell = grid.cell(thread.first_row());
  for (int64_t i = thread.first_row(); i < thread.end_row(); i += thread.row_step()) {
    body(cell);
    cell = grid.behind(cell, step);
  }
}

// ---- the pixels of a window ----

// For each channel of a quad: the largest of the normalised pixels, and what its winner carries.
template <typename Carried>
struct QuadWinners {
  float largest[kQuad];
  Carried carried[kQuad];
};

// A thread's quad of a window's pixels. kSide is the window's where that is a common one, whose pixels stay in
// registers; 0 for any other.
template <int kSide, bool kAligned>
class Window {
 public:
  // Of a pixel, row by row.
  using Index = std::conditional_t<(kSide > 0), int, int64_t>;

  __device__ Window(const ColumnThread<kAligned>& thread, const CellGrid& grid, const float* input,
                    const Cell& cell)
      : quad_(thread.quad()), grid_(grid), first_(grid.first_pixel(cell)), input_(input) {
    if constexpr (kSide > 0) {
#pragma unroll
      for (int i = 0; i < kPixels; ++i) pixels_[i] = load(input, i / kSide, i % kSide);
    }
  }

  // body(index, offset in the input, pixel) for each of them.
  template <typename Body>
  __device__ void for_each(Body body) const {
    if constexpr (kSide > 0) {
#pragma unroll
      for (int i = 0; i < kPixels; ++i) body(i, offset(i / kSide, i % kSide), pixels_[i]);
    } else {
      for (int64_t y = 0; y < grid_.side; ++y) {
        for (int64_t x = 0; x < grid_.side; ++x)
          body(y * grid_.side + x, offset(y, x), load(input_, y, x));
      }
    }
  }

  // carried(index, offset, pixel).at(i) is what channel i of a pixel carries.
  template <typename Carry>
  __device__ auto winners(const QuadNormalization& channels, Carry carried) const {
    QuadWinners<decltype(carried(Index{}, int64_t{}, Quad{}).at(0))> found{};
    for_each([&](Index index, int64_t offset, const Quad& pixel) {
      const auto carries = carried(index, offset, pixel);
#pragma unroll
      for (int i = 0; i < kQuad; ++i) {
        const float y = channels.normalized(pixel, i);
        const bool wins = index == 0 || is_larger(y, found.largest[i]);
        found.largest[i] = wins ? y : found.largest[i];
        found.carried[i] = wins ? carries.at(i) : found.carried[i];
      }
    });
    return found;
  }

  // The same, with the winners' own indices.
  __device__ auto winners(const QuadNormalization& channels) const {
    return winners(channels, [](Index index, int64_t, const Quad&) { return OfQuad{index}; });
  }

 private:
  static constexpr int kPixels = kSide > 0 ? kSide* kSide : 1;

  struct OfQuad {
    Index index;
    __device__ Index at(int) const { return index; }
  };

  __device__ int64_t offset(int64_t y, int64_t x) const {
    return (first_ + y * grid_.input_width + x) * quad_.columns;
  }
  __device__ Quad load(const float* matrix, int64_t y, int64_t x) const {
    return quad_.load(matrix + offset(y, x));
  }

  const QuadOfRow<kAligned>& quad_;
  const CellGrid& grid_;
  const int64_t first_;
  const float* const input_;
  Quad pixels_[kPixels];
};

// ---- itself ----

struct BatchNormMaxPoolParameters : BatchNormalizeParameters {
  CellGrid cells;
};

template <int kSide, bool kAligned>
__device__ void normalize_windows(const ColumnThread<kAligned>& thread,
                                  const BatchNormMaxPoolParameters& a,
                                  const Quad& inverse_deviation) {
  const QuadNormalization channels(thread, a.vectors, inverse_deviation);
  for_each_cell(thread, a.cells, [&](const Cell& cell) {
    const Window<kSide, kAligned> window(thread, a.cells, a.input, cell);
    const auto winners = window.winners(channels);
    thread.quad().store(a.output + a.cells.window(cell) * a.tasks.columns, quad_of([&](int i) {
                          const float y = winners.largest[i];
                          return a.rectify ? maximum(0.0F, y) : y;
                        }));
  });
}

template <int kSide, bool kAligned>
__global__ void __launch_bounds__(kColumnThreads)
    batch_norm_max_pool(const __grid_constant__ BatchNormMaxPoolParameters a) {
  const ColumnThread<kAligned> thread(a.tasks);
  if (!thread.quad().exists()) return;
  normalize_windows<kSide>(thread, a, thread.load_vector(a.vectors.inverse_deviation));
}

template <int kSide, bool kAligned>
__global__ void __launch_bounds__(kColumnThreads)
    batch_norm_max_pool_by_variance(const __grid_constant__ BatchNormMaxPoolParameters a) {
  const ColumnThread<kAligned> thread(a.tasks);
  if (!thread.quad().exists()) return;
  const Quad variance = thread.load_vector(a.vectors.inverse_deviation);
  normalize_windows<kSide>(
      thread, a, quad_of([&](int i) { return inverse_deviation_of(variance.at(i), a.epsilon); }));
}

// ---- derivatives ----

struct BatchNormMaxPoolDerivativeParameters : BatchNormDerivativeParameters {
  CellGrid cells;
};

// What a window gives its winner in each channel of a quad, where its maximum is kept.
template <typename Carried>
__device__ Quad kept_direction(const BatchNormDerivativeParameters& a, const Quad& direction,
                               const QuadWinners<Carried>& winners) {
  if (a.rectifier != Rectifier::kOnDirection) return direction;
  return quad_of([&](int i) { return keep_where_positive(winners.largest[i], direction.at(i)); });
}

template <int kSide, bool kAligned>
__global__ void __launch_bounds__(kColumnThreads)
    batch_norm_max_pool_sums(const __grid_constant__ BatchNormMaxPoolDerivativeParameters a) {
  const ColumnThread<kAligned> thread(a.tasks);
  const QuadNormalization channels(thread, a.vectors,
                                   thread.load_vector(a.vectors.inverse_deviation));
  QuadDirectionSums sums{};
  for_each_cell(thread, a.cells, [&](const Cell& cell) {
    const Window<kSide, kAligned> window(thread, a.cells, a.input, cell);
    const Quad given = thread.quad().load(a.direction + a.cells.window(cell) * a.tasks.columns);
    const auto winners = window.winners(channels, [&](auto, int64_t, const Quad& x) {
      return quad_of([&](int i) { return channels.centred(x, i); });
    });
    const Quad direction = kept_direction(a, given, winners);
#pragma unroll
    for (int i = 0; i < kQuad; ++i) {
      sums.plain[i] += direction.at(i);
      sums.centred[i] = multiply_add(winners.carried[i], direction.at(i), sums.centred[i]);
    }
  });
  sums = merge_rows(a.tasks, sums);
  if (thread.leads()) store_partial_sums(thread, a, sums);
}

template <int kSide, bool kAligned>
__device__ void write_window_gradient(const ColumnThread<kAligned>& thread,
                                      const BatchNormMaxPoolDerivativeParameters& a,
                                      const QuadNormalization& channels, const QuadFactors& factors,
                                      const Cell& cell) {
  const Window<kSide, kAligned> window(thread, a.cells, a.input, cell);
  const Quad given = thread.quad().load(a.direction + a.cells.window(cell) * a.tasks.columns);
  const auto winners = window.winners(channels);
  const Quad direction = kept_direction(a, given, winners);
  window.for_each([&](auto index, int64_t offset, const Quad& x) {
    thread.quad().store(a.output + offset, quad_of([&](int i) {
                          const float own = winners.carried[i] == index ? direction.at(i) : 0;
                          return multiply_add(factors.direction.at(i), own,
                                              factors.without_direction(channels, x, i));
                        }));
  });
}

// Of the pixels of a cell that is no window.
template <bool kAligned>
__device__ void write_uncovered_gradient(const ColumnThread<kAligned>& thread,
                                         const BatchNormMaxPoolDerivativeParameters& a,
                                         const QuadNormalization& channels,
                                         const QuadFactors& factors, const Cell& cell) {
  const int64_t first = a.cells.first_pixel(cell);
  for (int64_t y = 0; y < a.cells.rows(cell); ++y) {
    for (int64_t x = 0; x < a.cells.columns(cell); ++x) {
      const int64_t offset = (first + y * a.cells.input_width + x) * a.tasks.columns;
      const Quad pixel = thread.quad().load(a.input + offset);
      thread.quad().store(a.output + offset, quad_of([&](int i) {
                            return factors.without_direction(channels, pixel, i);
                          }));
    }
  }
}

template <int kSide, bool kAligned>
__global__ void __launch_bounds__(kColumnThreads)
    batch_norm_max_pool_backward(const __grid_constant__ BatchNormMaxPoolDerivativeParameters a) {
  const ColumnThread<kAligned> thread(a.tasks);
  if (!thread.quad().exists()) return;
  const QuadNormalization channels(thread, a.vectors,
                                   thread.load_vector(a.vectors.inverse_deviation));
  const QuadFactors factors(thread, a);
  for_each_cell(thread, a.cells, [&](const Cell& cell) {
    if (a.cells.is_whole(cell)) {
      write_window_gradient<kSide>(thread, a, channels, factors, cell);
    } else {
      write_uncovered_gradient(thread, a, channels, factors, cell);
    }
  });
}

template <int kSide, bool kAligned>
__global__ void __launch_bounds__(kColumnThreads)
    batch_norm_max_pool_tangent(const __grid_constant__ BatchNormMaxPoolDerivativeParameters a) {
  const ColumnThread<kAligned> thread(a.tasks);
  if (!thread.quad().exists()) return;
  const QuadNormalization channels(thread, a.vectors,
                                   thread.load_vector(a.vectors.inverse_deviation));
  const QuadFactors factors(thread, a);
  for_each_cell(thread, a.cells, [&](const Cell& cell) {
    const Window<kSide, kAligned> window(thread, a.cells, a.input, cell);
    const auto winners = window.winners(channels, [&](auto, int64_t offset, const Quad& x) {
      const bool moves = a.direction != nullptr;
      const Quad direction = moves ? thread.quad().load(a.direction + offset) : Quad{};
      return quad_of([&](int i) {
        const float rest = factors.without_direction(channels, x, i);
        return moves ? multiply_add(factors.direction.at(i), direction.at(i), rest) : rest;
      });
    });
    thread.quad().store(a.output + a.cells.window(cell) * a.tasks.columns, quad_of([&](int i) {
                          const float tangent = winners.carried[i];
                          const bool masked = a.rectifier == Rectifier::kOnOutput;
                          return masked ? keep_where_positive(winners.largest[i], tangent)
                                        : tangent;
                        }));
  });
}

}  // namespace retort::cuda
