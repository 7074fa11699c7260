// Batch normalisation over the rows of a matrix: its statistics, itself, and its derivatives.
//
//   n = (x - mean) * inverse_deviation
//   forward   y  = n * scale + shift
//   backward  dx = scale * inverse_deviation * (dy - mean(dy) - n * mean(n * dy))
//   tangent   y' = scale * inverse_deviation * (x' - mean(x') - n * mean(n * x')) + scale' * n + shift'
//
// Both derivatives have the form  p * direction + q * (x - mean) + r  with p, q and r per channel, so
// one sweep takes the two sums and another does the rest. The rectifier asks for the sign of y, which
// each sweep computes again with the same operations as forward.
//
// The variance is taken in two passes over a block of rows that stays in the first-level cache, and
// blocks are combined pairwise (Chan, Golub & LeVeque, "Updating Formulae and a Pairwise Algorithm
// for Computing Sample Variances", 1979): one read of memory, and no difference of large squares.
//
// Bytes: training reads the input twice and writes once, the derivatives read two matrices twice
// and write once. A task is a run of rows; a vector holds neighbouring channels.
#pragma once

#include "elementwise.h"
#include "kernels.h"
#include "vector.h"

namespace {

constexpr int64_t kMomentsBlockElements = 4096;

// Mean and sum of squared deviations of a block that stays in the cache. What the deviations do not
// sum up to 0 corrects the rounding of the mean.
void block_moments(int64_t rows, int64_t columns, int64_t stride, const float* input, float* mean,
                   float* squares) {
  const Vector inverse_rows = broadcast(1 / static_cast<float>(rows));
  column_sums(rows, columns, stride, input, mean);
  ColumnSums deviations(columns), squared_deviations(columns);
  for_each_tile(rows, columns, [&](int64_t i, int64_t j, auto lanes, auto count) {
    const Vector centre = lanes.load(mean + j, 0) * inverse_rows;
    Vector sum = broadcast(0), sum_of_squares = broadcast(0);
    for (int64_t k = 0; k < count.value; ++k) {
      const Vector deviation = lanes.load(input + (i + k) * stride + j, 0) - centre;
      sum = sum + deviation;
      sum_of_squares = multiply_add(deviation, deviation, sum_of_squares);
    }
    deviations.add(j, sum);
    squared_deviations.add(j, sum_of_squares);
  });
  for_each_vector(columns, [&](int64_t j, auto lanes) {
    const Vector centre = lanes.load(mean + j, 0) * inverse_rows;
    const Vector correction = deviations.at(j) * inverse_rows;
    lanes.store(mean + j, centre + correction);
    lanes.store(squares + j, squared_deviations.at(j) - deviations.at(j) * correction);
  });
}

void batch_norm_moments(int64_t rows, int64_t columns, int64_t stride, const float* input,
                        float* mean, float* squares) {
  const int64_t block = kMomentsBlockElements / columns;
  float block_mean[retort::kMostReducedColumns], block_squares[retort::kMostReducedColumns];
  block_moments(rows < block ? rows : block, columns, stride, input, mean, squares);
  for (int64_t i = block; i < rows; i += block) {
    const int64_t more = rows - i < block ? rows - i : block;
    block_moments(more, columns, stride, input + i * stride, block_mean, block_squares);
    const float share = static_cast<float>(more) / static_cast<float>(i + more);
    const Vector mean_weight = broadcast(share);
    const Vector square_weight = broadcast(share * static_cast<float>(i));
    for_each_vector(columns, [&](int64_t j, auto lanes) {
      const Vector old_mean = lanes.load(mean + j, 0);
      const Vector step = lanes.load(block_mean + j, 0) - old_mean;
      const Vector sum = lanes.load(squares + j, 0) + lanes.load(block_squares + j, 0);
      lanes.store(mean + j, multiply_add(step, mean_weight, old_mean));
      lanes.store(squares + j, multiply_add(step * step, square_weight, sum));
    });
  }
}

inline Vector normalized(Vector x, Vector mean, Vector factor, Vector shift) {
  return multiply_add(x - mean, factor, shift);
}

void batch_norm_normalize(const retort::BatchNormChannels& channels, int64_t rows,
                          const float* input, float* output) {
  constexpr int64_t kBlock = retort::kMostReducedColumns;
  float factor[kBlock];
  for (int64_t first = 0; first < channels.count; first += kBlock) {
    const int64_t columns = channels.count - first < kBlock ? channels.count - first : kBlock;
    for (int64_t j = 0; j < columns; ++j) {
      factor[j] = channels.scale[first + j] * channels.inverse_deviation[first + j];
    }
    for_each_tile(rows, columns, [&](int64_t i, int64_t j, auto lanes, auto count) {
      const Vector mean = lanes.load(channels.mean + first + j, 0);
      const Vector shift = lanes.load(channels.shift + first + j, 0);
      const Vector slope = lanes.load(factor + j, 0);
      for (int64_t k = 0; k < count.value; ++k) {
        const int64_t at = (i + k) * channels.stride + first + j;
        const Vector y = normalized(lanes.load(input + at, 0), mean, slope, shift);
        lanes.store(output + at, channels.rectify ? maximum(broadcast(0), y) : y);
      }
    });
  }
}

template <bool kMasked>
void direction_sums(const retort::BatchNormChannels& channels, int64_t rows, const float* input,
                    const float* direction, float* sum, float* centred_sum) {
  ColumnSums sums(channels.count), centred_sums(channels.count);
  for_each_tile(rows, channels.count, [&](int64_t i, int64_t j, auto lanes, auto count) {
    const Vector mean = lanes.load(channels.mean + j, 0);
    const Vector shift = lanes.load(channels.shift + j, 0);
    const Vector factor =
        lanes.load(channels.scale + j, 0) * lanes.load(channels.inverse_deviation + j, 0);
    Vector tile_sum = broadcast(0), tile_centred_sum = broadcast(0);
    for (int64_t k = 0; k < count.value; ++k) {
      const int64_t at = (i + k) * channels.stride + j;
      const Vector x = lanes.load(input + at, 0);
      Vector d = lanes.load(direction + at, 0);
      if (kMasked) d = keep_where_positive(normalized(x, mean, factor, shift), d);
      tile_sum = tile_sum + d;
      tile_centred_sum = multiply_add(x - mean, d, tile_centred_sum);
    }
    sums.add(j, tile_sum);
    centred_sums.add(j, tile_centred_sum);
  });
  sums.copy_to(sum);
  centred_sums.copy_to(centred_sum);
}

void batch_norm_sums(const retort::BatchNormChannels& channels, bool masked, int64_t rows,
                     const float* input, const float* direction, float* sum, float* centred_sum) {
  const auto chosen = masked ? direction_sums<true> : direction_sums<false>;
  chosen(channels, rows, input, direction, sum, centred_sum);
}

enum class Rectifier { kNone, kOnDirection, kOnOutput };

template <Rectifier kRectifier, bool kDirection>
void derivative_rows(const retort::BatchNormChannels& channels,
                     const retort::BatchNormDerivative& derivative, int64_t rows,
                     const float* input) {
  for_each_tile(rows, channels.count, [&](int64_t i, int64_t j, auto lanes, auto count) {
    const Vector mean = lanes.load(channels.mean + j, 0);
    const Vector shift = lanes.load(channels.shift + j, 0);
    const Vector factor =
        lanes.load(channels.scale + j, 0) * lanes.load(channels.inverse_deviation + j, 0);
    const Vector p = kDirection ? lanes.load(derivative.direction_factor + j, 0) : broadcast(0);
    const Vector q = lanes.load(derivative.centred_factor + j, 0);
    const Vector r = lanes.load(derivative.constant + j, 0);
    for (int64_t k = 0; k < count.value; ++k) {
      const int64_t at = (i + k) * channels.stride + j;
      const Vector x = lanes.load(input + at, 0);
      const Vector y = normalized(x, mean, factor, shift);
      Vector result = multiply_add(q, x - mean, r);
      if (kDirection) {
        Vector d = lanes.load(derivative.direction + at, 0);
        if (kRectifier == Rectifier::kOnDirection) d = keep_where_positive(y, d);
        result = multiply_add(p, d, result);
      }
      if (kRectifier == Rectifier::kOnOutput) result = keep_where_positive(y, result);
      lanes.store(derivative.output + at, result);
    }
  });
}

void batch_norm_backward(const retort::BatchNormChannels& channels,
                         const retort::BatchNormDerivative& derivative, int64_t rows,
                         const float* input) {
  const auto chosen = channels.rectify ? derivative_rows<Rectifier::kOnDirection, true>
                                       : derivative_rows<Rectifier::kNone, true>;
  chosen(channels, derivative, rows, input);
}

void batch_norm_tangent(const retort::BatchNormChannels& channels,
                        const retort::BatchNormDerivative& derivative, int64_t rows,
                        const float* input) {
  if (derivative.direction == nullptr) {
    const auto chosen = channels.rectify ? derivative_rows<Rectifier::kOnOutput, false>
                                         : derivative_rows<Rectifier::kNone, false>;
    chosen(channels, derivative, rows, input);
    return;
  }
  const auto chosen = channels.rectify ? derivative_rows<Rectifier::kOnOutput, true>
                                       : derivative_rows<Rectifier::kNone, true>;
  chosen(channels, derivative, rows, input);
}

}  // namespace
