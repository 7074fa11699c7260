// Random arguments from the edges of what is permitted: shapes at every width of a vector and size of a
// block, strides, alignments, and values that break a careless exponential.
#pragma once

#include <initializer_list>
#include <ostream>
#include <random>
#include <string>

#include "memory.h"

namespace retort::conformance {

using Random = std::mt19937_64;

template <typename Value>
Value pick(Random& random, std::initializer_list<Value> values) {
  return values.begin()[random() % values.size()];
}
// True once in `n`.
inline bool one_in(Random& random, uint64_t n) { return random() % n == 0; }

struct Shape {
  int64_t rows;
  int64_t classes;
};
inline std::ostream& operator<<(std::ostream& out, Shape shape) {
  return out << '[' << shape.rows << ", " << shape.classes << ']';
}

// A shape whose `matrices` have a bounded number of elements together.
Shape draw_shape(Random& random, int64_t matrices);
// A small one, for what takes many computations to check.
Shape draw_small_shape(Random& random);
retort_dtype draw_dtype(Random& random);
float draw_temperature(Random& random);
int64_t draw_stride(Random& random, int64_t classes);
// A matrix somewhere from an alignment; `stride`: 0 for one of its own.
Matrix draw_matrix(Memory& memory, Random& random, retort_dtype dtype, Shape shape,
                   int64_t stride = 0);

// What the numbers of a matrix are like.
enum class Values {
  kNormal,
  kAllEqual,
  kExponentLimits,  // about +-88 and +-104, where an f32's exponential overflows and vanishes
  kOutliers,        // a few of 1e4
  kTies,
  kLargest,    // the largest finite numbers of the dtype among others
  kSubnormal,  // the smallest
};

Values draw_values(Random& random);
void fill(Random& random, Values values, Matrix& matrix);

// Turns single entries, or a row, into what has a meaning of its own: -inf, +inf, NaN.
enum class Spoiler { kNone, kMasked, kMaskedRow, kInfinity, kNaN };

Spoiler draw_spoiler(Random& random);
// Spoils the same places of all the matrices, in one row of three.
void spoil(Random& random, Spoiler spoiler, std::initializer_list<Matrix*> matrices);

const retort_executor* draw_executor(Random& random);

}  // namespace retort::conformance
