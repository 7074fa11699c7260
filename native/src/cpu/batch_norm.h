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

#include "column_panels.h"
#include "kernels.h"
#include "vector.h"

namespace {

// Mean and sum of squared deviations of a block that stays in the cache. What the deviations do not
// sum up to 0 corrects the rounding of the mean.
void block_moments(int64_t rows, int64_t columns, int64_t stride, const float* input, float* mean,
                   float* squares) {
  const Vector inverse_rows = broadcast(1 / static_cast<float>(rows));
  for_each_vector(columns, [&](int64_t j, auto lanes) {
    const auto at = [&](int64_t i) { return lanes.load(input + i * stride + j, 0); };
    const auto plain =
        sum_over_rows<1>(0, rows, [&](int64_t i, Vector* sum) { sum[0] = sum[0] + at(i); });
    const Vector centre = plain.of[0] * inverse_rows;
    const auto centred = sum_over_rows<2>(0, rows, [&](int64_t i, Vector* sum) {
      const Vector deviation = at(i) - centre;
      sum[0] = sum[0] + deviation;
      sum[1] = multiply_add(deviation, deviation, sum[1]);
    });
    const Vector correction = centred.of[0] * inverse_rows;
    lanes.store(mean + j, centre + correction);
    lanes.store(squares + j, centred.of[1] - centred.of[0] * correction);
  });
}

void batch_norm_moments(int64_t rows, int64_t columns, int64_t stride, const float* input,
                        float* mean, float* squares) {
  const int64_t block = kPanelElements / columns;
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

// What normalises one vector of channels.
struct Normalization {
  Vector mean;
  Vector factor;
  Vector shift;

  template <typename Lanes>
  Normalization(const retort::BatchNormChannels& channels, int64_t j, Lanes lanes)
      : mean(lanes.load(channels.mean + j, 0)),
        factor(lanes.load(channels.scale + j, 0) * lanes.load(channels.inverse_deviation + j, 0)),
        shift(lanes.load(channels.shift + j, 0)) {}

  Vector operator()(Vector x) const { return multiply_add(x - mean, factor, shift); }
};

void batch_norm_normalize(const retort::BatchNormChannels& channels, int64_t rows,
                          const float* input, float* output) {
  for_each_panel(rows, channels.count, [&](int64_t j, auto lanes, int64_t first, int64_t end) {
    const Normalization normalized(channels, j, lanes);
    const Vector least = broadcast(channels.rectify ? 0 : -INFINITY);
    const int64_t stride = channels.stride;
    for (int64_t i = first; i < end; ++i) {
      const Vector y = normalized(lanes.load(input + i * stride + j, 0));
      lanes.store(output + i * stride + j, maximum(least, y));
    }
  });
}

template <bool kMasked>
void direction_sums(const retort::BatchNormChannels& channels, int64_t rows, const float* input,
                    const float* direction, float* sum, float* centred_sum) {
  for_each_vector(channels.count, [&](int64_t j, auto lanes) {
    lanes.store(sum + j, broadcast(0));
    lanes.store(centred_sum + j, broadcast(0));
  });
  for_each_panel(rows, channels.count, [&](int64_t j, auto lanes, int64_t first, int64_t end) {
    const Normalization normalized(channels, j, lanes);
    const int64_t stride = channels.stride;
    const auto sums = sum_over_rows<2>(first, end, [&](int64_t i, Vector* total) {
      const Vector x = lanes.load(input + i * stride + j, 0);
      Vector d = lanes.load(direction + i * stride + j, 0);
      if (kMasked) d = keep_where_positive(normalized(x), d);
      total[0] = total[0] + d;
      total[1] = multiply_add(x - normalized.mean, d, total[1]);
    });
    lanes.store(sum + j, lanes.load(sum + j, 0) + sums.of[0]);
    lanes.store(centred_sum + j, lanes.load(centred_sum + j, 0) + sums.of[1]);
  });
}

void batch_norm_sums(const retort::BatchNormChannels& channels, bool masked, int64_t rows,
                     const float* input, const float* direction, float* sum, float* centred_sum) {
  const auto chosen = masked ? direction_sums<true> : direction_sums<false>;
  chosen(channels, rows, input, direction, sum, centred_sum);
}

enum class Rectifier { kNone, kOnDirection, kOnOutput };

// The derivative of one vector of channels.
struct DerivativeVectors {
  Vector direction;
  Vector centred;
  Vector constant;

  template <typename Lanes>
  DerivativeVectors(const retort::BatchNormDerivative& derivative, int64_t j, Lanes lanes)
      : direction(lanes.load(derivative.direction_factor + j, 0)),
        centred(lanes.load(derivative.centred_factor + j, 0)),
        constant(lanes.load(derivative.constant + j, 0)) {}
};

template <Rectifier kRectifier, bool kDirection>
void derivative_rows(const retort::BatchNormChannels& channels,
                     const retort::BatchNormDerivative& derivative, int64_t rows,
                     const float* input) {
  for_each_panel(rows, channels.count, [&](int64_t j, auto lanes, int64_t first, int64_t end) {
    const Normalization normalized(channels, j, lanes);
    const DerivativeVectors factors(derivative, j, lanes);
    const int64_t stride = channels.stride;
    const float* direction = derivative.direction;
    float* output = derivative.output;
    for (int64_t i = first; i < end; ++i) {
      const Vector x = lanes.load(input + i * stride + j, 0);
      const Vector y = normalized(x);
      Vector result = multiply_add(factors.centred, x - normalized.mean, factors.constant);
      if (kDirection) {
        Vector d = lanes.load(direction + i * stride + j, 0);
        if (kRectifier == Rectifier::kOnDirection) d = keep_where_positive(y, d);
        result = multiply_add(factors.direction, d, result);
      }
      if (kRectifier == Rectifier::kOnOutput) result = keep_where_positive(y, result);
      lanes.store(output + i * stride + j, result);
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
