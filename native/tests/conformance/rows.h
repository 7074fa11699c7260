// What the operations compute with rows of the reference.
#pragma once

#include <cmath>
#include <vector>

#include "reference/reference.h"

namespace retort::conformance {

using reference::Row;

// The same numbers for the naive computation. All of them are floats already.
inline std::vector<float> narrow(const Row& row) { return {row.begin(), row.end()}; }
inline std::vector<std::vector<float>> narrow(const std::vector<Row>& rows) {
  std::vector<std::vector<float>> narrowed;
  for (const Row& row : rows) narrowed.push_back(narrow(row));
  return narrowed;
}
inline Row widen(const std::vector<float>& row) { return {row.begin(), row.end()}; }

// The magnitude of a number where it is finite, 0 otherwise: a scale is of what is finite.
inline double magnitude(double x) { return std::isfinite(x) ? std::fabs(x) : 0; }

inline double largest_magnitude(const Row& row) {
  double largest = 0;
  for (const double x : row) largest = std::fmax(largest, magnitude(x));
  return largest;
}

inline double sum_of_magnitudes(const Row& row) {
  double sum = 0;
  for (const double x : row) sum += magnitude(x);
  return sum;
}

// exp(x) with the rounding of its exponent: exp(x) * (1 + |x| + further), for each of a row. Below 2^-126 an
// f32 is off by what it would be there.
inline Row exponential_scale(const Row& logarithms, double further = 0) {
  Row scale;
  for (const double x : logarithms)
    scale.push_back(magnitude(std::exp(x)) * (1 + magnitude(x) + further) + 0x1p-126);
  return scale;
}

}  // namespace retort::conformance
