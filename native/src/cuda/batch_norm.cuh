// Batch normalisation over the rows of a matrix: its statistics, itself, and its derivatives.
//
//   n = (x - mean) * inverse_deviation
//   forward   y  = n * scale + shift
//   backward  dx = scale * inverse_deviation * (dy - mean(dy) - n * mean(n * dy))
//   tangent   y' = scale * inverse_deviation * (x' - mean(x') - n * mean(n * x')) + scale' * n + shift'
//
// Both derivatives have the form  p * direction + q * (x - mean) + r  with p, q and r per channel, so one sweep takes
// the two sums and another does the rest. The rectifier asks for the sign of y, which each sweep computes again with
// the same operations as forward.
//
// A thread takes the variance in two passes over eight rows that stay in its registers, and merges such tiles, then
// those of the block's other threads, pairwise (Chan, Golub & LeVeque, "Updating Formulae and a Pairwise Algorithm for
// Computing Sample Variances", 1979): one read of memory, and no difference of large squares. The chunks' results are
// combined in double.
//
// Bytes: training reads the input twice and writes once, the derivatives read two matrices twice and write once. Each
// is three launches: partial results of chunks of rows, what follows from them for a channel, and the sweep. A
// thread has a quad of channels.
#pragma once

#include "batch_norm_channel.h"
#include "columns.cuh"
#include "vector.cuh"

namespace retort::cuda {

// ---- statistics ----

struct BatchNormStatisticsParameters {
  ColumnTasks tasks;
  const float* input;
  float* partial_means;    // [chunks, channels]
  float* partial_squares;  // alike
  float epsilon;
  float momentum;
  float* running_mean;      // null: not wanted
  float* running_variance;  // alike
  float* mean;
  float* inverse_deviation;
};

// Of the rows that a thread, or several, have seen of a quad of channels.
struct QuadMoments {
  float rows;
  float means[kQuad];
  float squares[kQuad];

  __device__ void merge(const QuadMoments& other) {
    if (other.rows == 0) return;
    const float before = rows;
    rows += other.rows;
    const float share = other.rows / rows;
#pragma unroll
    for (int i = 0; i < kQuad; ++i) {
      const float step = other.means[i] - means[i];
      means[i] = __fmaf_rn(step, share, means[i]);
      squares[i] = __fmaf_rn(step * step, share * before, squares[i] + other.squares[i]);
    }
  }
};

// What the deviations do not sum up to 0 corrects the rounding of the mean.
template <int kRows>
__device__ QuadMoments moments_of_tile(const Quad (&tile)[kRows]) {
  constexpr float kShare = 1.0F / kRows;
  QuadMoments moments;
  moments.rows = kRows;
#pragma unroll
  for (int i = 0; i < kQuad; ++i) {
    float sum = tile[0].at(i);
#pragma unroll
    for (int k = 1; k < kRows; ++k) sum += tile[k].at(i);
    const float centre = sum * kShare;
    float rest = 0, squares = 0;
#pragma unroll
    for (int k = 0; k < kRows; ++k) {
      const float deviation = tile[k].at(i) - centre;
      rest += deviation;
      squares = __fmaf_rn(deviation, deviation, squares);
    }
    moments.means[i] = centre + rest * kShare;
    moments.squares[i] = squares - rest * (rest * kShare);
  }
  return moments;
}

template <bool kAligned>
__global__ void __launch_bounds__(kColumnThreads)
    batch_norm_moments(const __grid_constant__ BatchNormStatisticsParameters a) {
  const ColumnThread<kAligned> thread(a.tasks);
  QuadMoments moments{};
  thread.template for_each_tile<8>([&](int64_t first, int64_t stride, auto count) {
    constexpr int kRows = decltype(count)::value;
    Quad tile[kRows];
    thread.load_tile(a.input, first, stride, tile);
    moments.merge(moments_of_tile(tile));
  });
  moments = merge_rows(a.tasks, moments);
  if (!thread.leads()) return;
  const int64_t partial = thread.chunk() * a.tasks.columns;
  thread.store_vector(a.partial_means + partial, quad_of([&](int i) { return moments.means[i]; }));
  thread.store_vector(a.partial_squares + partial,
                      quad_of([&](int i) { return moments.squares[i]; }));
}

__global__ void __launch_bounds__(kColumnThreads)
    batch_norm_statistics(const __grid_constant__ BatchNormStatisticsParameters a) {
  const int channel = combined_column();
  if (channel >= a.tasks.columns) return;
  const auto rows = static_cast<double>(a.tasks.rows);
  const auto rows_of = [&](int64_t chunk) {
    const int64_t first = chunk * a.tasks.rows_per_chunk, left = a.tasks.rows - first;
    return static_cast<double>(left < a.tasks.rows_per_chunk ? left : a.tasks.rows_per_chunk);
  };
  Moments moments;
  moments.mean = sum_of_chunks(a.tasks, channel,
                               [&](int64_t chunk, int64_t place) {
                                 return rows_of(chunk) * a.partial_means[place];
                               }) /
                 rows;
  moments.squares = sum_of_chunks(a.tasks, channel, [&](int64_t chunk, int64_t place) {
    const double step = a.partial_means[place] - moments.mean;
    return a.partial_squares[place] + rows_of(chunk) * step * step;
  });
  if (threadIdx.x % 32 != 0) return;
  a.mean[channel] = static_cast<float>(moments.mean);
  a.inverse_deviation[channel] = inverse_deviation_of(moments.squares / rows, a.epsilon);
  if (a.running_mean != nullptr) {
    a.running_mean[channel] = moved(a.running_mean[channel], moments.mean, a.momentum);
  }
  if (a.running_variance != nullptr) {
    a.running_variance[channel] =
        moved(a.running_variance[channel], unbiased_variance(moments, a.tasks.rows), a.momentum);
  }
}

// ---- itself ----

struct BatchNormVectors {
  const float* mean;
  const float* inverse_deviation;  // of inference, the running variance
  const float* scale;
  const float* shift;
};

// How a thread's channels are normalised. Every sweep has the same bits for the same element.
struct QuadNormalization {
  Quad mean, slope, shift;

  template <bool kAligned>
  __device__ QuadNormalization(const ColumnThread<kAligned>& thread, const BatchNormVectors& a,
                               const Quad& inverse_deviation)
      : mean(thread.load_vector(a.mean)), shift(thread.load_vector(a.shift)) {
    const Quad scale = thread.load_vector(a.scale);
    slope = quad_of([&](int i) { return scale.at(i) * inverse_deviation.at(i); });
  }

  __device__ float centred(const Quad& x, int i) const { return x.at(i) - mean.at(i); }
  __device__ float normalized(const Quad& x, int i) const {
    return multiply_add(centred(x, i), slope.at(i), shift.at(i));
  }
};

struct BatchNormalizeParameters {
  ColumnTasks tasks;
  BatchNormVectors vectors;
  float epsilon;
  bool rectify;
  const float* input;
  float* output;
};

template <bool kAligned>
__device__ void normalize(const ColumnThread<kAligned>& thread, const BatchNormalizeParameters& a,
                          const Quad& inverse_deviation) {
  const QuadNormalization channels(thread, a.vectors, inverse_deviation);
  thread.template for_each_tile<4>([&](int64_t first, int64_t stride, auto count) {
    constexpr int kRows = decltype(count)::value;
    Quad x[kRows];
    thread.load_tile(a.input, first, stride, x);
#pragma unroll
    for (int k = 0; k < kRows; ++k) {
      thread.quad().store(a.output + first + k * stride, quad_of([&](int i) {
                            const float y = channels.normalized(x[k], i);
                            return a.rectify ? maximum(0.0F, y) : y;
                          }));
    }
  });
}

template <bool kAligned>
__global__ void __launch_bounds__(kColumnThreads)
    batch_normalize(const __grid_constant__ BatchNormalizeParameters a) {
  const ColumnThread<kAligned> thread(a.tasks);
  if (!thread.quad().exists()) return;
  normalize(thread, a, thread.load_vector(a.vectors.inverse_deviation));
}

template <bool kAligned>
__global__ void __launch_bounds__(kColumnThreads)
    batch_normalize_by_variance(const __grid_constant__ BatchNormalizeParameters a) {
  const ColumnThread<kAligned> thread(a.tasks);
  if (!thread.quad().exists()) return;
  const Quad variance = thread.load_vector(a.vectors.inverse_deviation);
  normalize(thread, a,
            quad_of([&](int i) { return inverse_deviation_of(variance.at(i), a.epsilon); }));
}

// ---- derivatives ----

enum class Rectifier { kNone, kOnDirection, kOnOutput };

struct BatchNormDerivativeParameters {
  ColumnTasks tasks;
  int64_t rows;  // of the input, over which the means are taken
  BatchNormVectors vectors;
  Rectifier rectifier;
  const float* input;
  const float* direction;  // null: 0
  float* partial_sums;     // [chunks, channels] of the direction
  float* partial_centred;  // of the direction times the centred input
  float* direction_factor;
  float* centred_factor;
  float* constant;
  float* scale_gradient;       // of backward
  float* shift_gradient;       // of backward
  const float* scale_tangent;  // null: 0
  const float* shift_tangent;  // null: 0
  float* output;
};

struct QuadDirectionSums {
  float plain[kQuad];
  float centred[kQuad];

  __device__ void merge(const QuadDirectionSums& other) {
#pragma unroll
    for (int i = 0; i < kQuad; ++i) {
      plain[i] += other.plain[i];
      centred[i] += other.centred[i];
    }
  }
};

template <bool kAligned>
__device__ void store_partial_sums(const ColumnThread<kAligned>& thread,
                                   const BatchNormDerivativeParameters& a,
                                   const QuadDirectionSums& sums) {
  const int64_t partial = thread.chunk() * a.tasks.columns;
  thread.store_vector(a.partial_sums + partial, quad_of([&](int i) { return sums.plain[i]; }));
  thread.store_vector(a.partial_centred + partial, quad_of([&](int i) { return sums.centred[i]; }));
}

template <bool kAligned>
__global__ void __launch_bounds__(kColumnThreads)
    batch_norm_direction_sums(const __grid_constant__ BatchNormDerivativeParameters a) {
  const ColumnThread<kAligned> thread(a.tasks);
  const QuadNormalization channels(thread, a.vectors,
                                   thread.load_vector(a.vectors.inverse_deviation));
  const bool masked = a.rectifier == Rectifier::kOnDirection;
  QuadDirectionSums sums{};
  thread.template for_each_tile<4>([&](int64_t first, int64_t stride, auto count) {
    constexpr int kRows = decltype(count)::value;
    Quad x[kRows], d[kRows];
    thread.load_tile(a.input, first, stride, x);
    thread.load_tile(a.direction, first, stride, d);
#pragma unroll
    for (int i = 0; i < kQuad; ++i) {
      float plain = 0, centred = 0;
#pragma unroll
      for (int k = 0; k < kRows; ++k) {
        float direction = d[k].at(i);
        if (masked) direction = keep_where_positive(channels.normalized(x[k], i), direction);
        plain += direction;
        centred = multiply_add(channels.centred(x[k], i), direction, centred);
      }
      sums.plain[i] += plain;
      sums.centred[i] += centred;
    }
  });
  sums = merge_rows(a.tasks, sums);
  if (thread.leads()) store_partial_sums(thread, a, sums);
}

// Without a direction there are no chunks.
__global__ void __launch_bounds__(kColumnThreads)
    batch_norm_derivative_factors(const __grid_constant__ BatchNormDerivativeParameters a) {
  const int channel = combined_column();
  if (channel >= a.tasks.columns) return;
  const double inverse_deviation = a.vectors.inverse_deviation[channel];
  DirectionSums sums;
  if (a.direction != nullptr) {
    sums.plain = sum_of_chunks(a.tasks, channel,
                               [&](int64_t, int64_t place) { return a.partial_sums[place]; });
    sums.normalized =
        sum_of_chunks(a.tasks, channel,
                      [&](int64_t, int64_t place) { return a.partial_centred[place]; }) *
        inverse_deviation;
  }
  if (threadIdx.x % 32 != 0) return;
  DerivativeFactors factors =
      derivative_factors(a.vectors.scale[channel], inverse_deviation, sums, a.rows);
  if (a.scale_tangent != nullptr) {
    factors.centred_factor += a.scale_tangent[channel] * a.vectors.inverse_deviation[channel];
  }
  if (a.shift_tangent != nullptr) factors.constant += a.shift_tangent[channel];
  a.direction_factor[channel] = factors.direction_factor;
  a.centred_factor[channel] = factors.centred_factor;
  a.constant[channel] = factors.constant;
  if (a.scale_gradient != nullptr) a.scale_gradient[channel] = static_cast<float>(sums.normalized);
  if (a.shift_gradient != nullptr) a.shift_gradient[channel] = static_cast<float>(sums.plain);
}

// The factors of a thread's channels: p, q and r.
struct QuadFactors {
  Quad direction, centred, constant;

  template <bool kAligned>
  __device__ QuadFactors(const ColumnThread<kAligned>& thread,
                         const BatchNormDerivativeParameters& a)
      : direction(thread.load_vector(a.direction_factor)),
        centred(thread.load_vector(a.centred_factor)),
        constant(thread.load_vector(a.constant)) {}

  // Of a pixel whose direction is 0.
  __device__ float without_direction(const QuadNormalization& channels, const Quad& x,
                                     int i) const {
    return multiply_add(centred.at(i), channels.centred(x, i), constant.at(i));
  }
};

template <bool kAligned, bool kDirection>
__global__ void __launch_bounds__(kColumnThreads)
    batch_norm_derivative(const __grid_constant__ BatchNormDerivativeParameters a) {
  const ColumnThread<kAligned> thread(a.tasks);
  if (!thread.quad().exists()) return;
  const QuadNormalization channels(thread, a.vectors,
                                   thread.load_vector(a.vectors.inverse_deviation));
  const QuadFactors factors(thread, a);
  thread.template for_each_tile<4>([&](int64_t first, int64_t stride, auto count) {
    constexpr int kRows = decltype(count)::value;
    Quad x[kRows], d[kRows];
    thread.load_tile(a.input, first, stride, x);
    if (kDirection) thread.load_tile(a.direction, first, stride, d);
#pragma unroll
    for (int k = 0; k < kRows; ++k) {
      thread.quad().store(
          a.output + first + k * stride, quad_of([&](int i) {
            const float y = channels.normalized(x[k], i);
            float result = factors.without_direction(channels, x[k], i);
            if (kDirection) {
              const bool masked = a.rectifier == Rectifier::kOnDirection;
              const float direction = masked ? keep_where_positive(y, d[k].at(i)) : d[k].at(i);
              result = multiply_add(factors.direction.at(i), direction, result);
            }
            return a.rectifier == Rectifier::kOnOutput ? keep_where_positive(y, result) : result;
          }));
    }
  });
}

}  // namespace retort::cuda
