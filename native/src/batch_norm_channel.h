// What batch normalisation works out for one channel, in double, once the sums over the rows are there. CPU and CUDA
// share this file; cpu/batch_norm.h has the mathematics.
#pragma once

#include <cstdint>

#include "split.h"

namespace {

struct Moments {
  double mean = 0;
  double squares = 0;  // sum of squared deviations
};

// Sums over the rows of a direction, and of it times the normalised input.
struct DirectionSums {
  double plain = 0;
  double normalized = 0;
};

// derivative = direction_factor * direction + centred_factor * (input - mean) + constant
struct DerivativeFactors {
  float direction_factor;
  float centred_factor;
  float constant;
};

RETORT_DEVICE inline float inverse_deviation_of(double variance, float epsilon) {
  return static_cast<float>(1 / sqrt(variance + epsilon));
}

RETORT_DEVICE inline float moved(float running, double batch, float momentum) {
  return static_cast<float>((1.0 - momentum) * running + momentum * batch);
}

// Of one row it is 0.
RETORT_DEVICE inline double unbiased_variance(const Moments& moments, int64_t rows) {
  return moments.squares / static_cast<double>(rows > 1 ? rows - 1 : 1);
}

// What the direction itself contributes:
// factor * (direction - mean(direction) - n * mean(n * direction)).
RETORT_DEVICE inline DerivativeFactors derivative_factors(float scale, double inverse_deviation,
                                                          const DirectionSums& sums, int64_t rows) {
  const double factor = scale * inverse_deviation;
  const double share = rows > 0 ? factor / static_cast<double>(rows) : 0;
  return {static_cast<float>(factor),
          static_cast<float>(-share * sums.normalized * inverse_deviation),
          static_cast<float>(-share * sums.plain)};
}

}  // namespace
