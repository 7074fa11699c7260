#include "draw.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "implementation.h"

namespace retort::conformance {
namespace {

constexpr int64_t kClasses[] = {1,  2,  3,  7,  8,   9,   10,  15,  16,   17,   31,   32,  33,
                                63, 64, 65, 96, 100, 127, 128, 129, 1000, 1023, 1024, 1025};
constexpr int64_t kManyClasses[] = {4095, 4096, 4097, 8191, 8192, 8193, 10000};
constexpr int64_t kVocabularies[] = {16385, 32000, 50257, 128256, 262144};
constexpr int64_t kRows[] = {0, 1, 2, 3, 4, 5, 8, 15, 16, 17, 131, 132, 133, 289};

// Elements of all matrices of a case. Vocabularies come once in some hundred cases and with few rows.
constexpr int64_t kElements = 12000;
constexpr int64_t kMostElements = 1500000;

template <size_t kCount>
int64_t any_of(Random& random, const int64_t (&values)[kCount]) {
  return values[random() % kCount];
}

int64_t draw_classes(Random& random, int64_t matrices) {
  if (one_in(random, 300 + 60 * static_cast<uint64_t>(matrices))) {
    const int64_t classes = any_of(random, kVocabularies);
    if (classes * matrices <= kMostElements) return classes;
  }
  if (one_in(random, 24)) return any_of(random, kManyClasses);
  return any_of(random, kClasses);
}

double normal(Random& random, double deviation) {
  return std::normal_distribution<double>(0, deviation)(random);
}

double draw_value(Random& random, Values values, retort_dtype dtype, double spread) {
  const double sign = random() % 2 ? 1 : -1;
  switch (values) {
    case Values::kExponentLimits:
      return random() % 2 ? normal(random, 3)
                          : sign * pick(random, {86.9, 87.3, 88.0, 88.7, 89.0, 103.9, 104.0});
    case Values::kOutliers:
      return one_in(random, 20) ? sign * 1e4 : normal(random, spread);
    case Values::kTies:
      return static_cast<double>(random() % 4) - 2;
    case Values::kLargest:
      return one_in(random, 4) ? sign * largest(dtype) / pick(random, {1, 1, 64})
                               : normal(random, spread);
    case Values::kSubnormal:
      return sign * smallest(dtype) * static_cast<double>(random() % 5);
    default:
      return normal(random, spread);
  }
}

}  // namespace

Shape draw_shape(Random& random, int64_t matrices) {
  const int64_t classes = draw_classes(random, matrices);
  int64_t most = 0;
  while (most + 1 < static_cast<int64_t>(std::size(kRows)) &&
         kRows[most + 1] * classes * matrices <= kElements)
    ++most;
  most = std::max<int64_t>(most, classes > kElements ? 1 : 2);
  return {kRows[random() % static_cast<uint64_t>(most + 1)], classes};
}

Shape draw_small_shape(Random& random) {
  return {pick<int64_t>(random, {1, 2, 3, 5}),
          pick<int64_t>(random, {1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 65})};
}

retort_dtype draw_dtype(Random& random) {
  return pick(random, {RETORT_F32, RETORT_F32, RETORT_F16, RETORT_BF16});
}

float draw_temperature(Random& random) {
  return pick(random, {0.05f, 0.5f, 1.0f, 2.0f, 2.5f, 3.0f, 4.0f, 7.0f, 20.0f, 1e4f});
}

int64_t draw_stride(Random& random, int64_t classes) {
  return classes + pick<int64_t>(random, {0, 0, 1, 3, (16 - classes % 16) % 16});
}

Matrix draw_matrix(Memory& memory, Random& random, retort_dtype dtype, Shape shape,
                   int64_t stride) {
  if (stride == 0) stride = draw_stride(random, shape.classes);
  // Without a guard behind it AddressSanitizer sees what is read beyond the last row.
  return memory.matrix(dtype, shape.rows, shape.classes, stride,
                       static_cast<int64_t>(random() % 16), one_in(random, 4) ? 0 : 64);
}

Values draw_values(Random& random) {
  if (random() % 2) return Values::kNormal;
  return pick(random, {Values::kNormal, Values::kAllEqual, Values::kExponentLimits,
                       Values::kOutliers, Values::kTies, Values::kLargest, Values::kSubnormal});
}

void fill(Random& random, Values values, Matrix& matrix) {
  const double spread = pick(random, {0.1, 1.0, 3.0, 10.0});
  for (int64_t i = 0; i < matrix.rows; ++i) {
    const double shared = normal(random, spread);
    for (int64_t j = 0; j < matrix.classes; ++j) {
      const double x =
          values == Values::kAllEqual ? shared : draw_value(random, values, matrix.dtype, spread);
      matrix.set(i, j, x);
    }
  }
}

Spoiler draw_spoiler(Random& random) {
  if (random() % 4) return Spoiler::kNone;
  return pick(random, {Spoiler::kMasked, Spoiler::kMasked, Spoiler::kMaskedRow, Spoiler::kInfinity,
                       Spoiler::kNaN});
}

void spoil(Random& random, Spoiler spoiler, std::initializer_list<Matrix*> matrices) {
  const Matrix& shape = **matrices.begin();
  if (spoiler == Spoiler::kNone || shape.rows == 0) return;
  const double value = spoiler == Spoiler::kInfinity ? HUGE_VAL
                       : spoiler == Spoiler::kNaN    ? std::nan("")
                                                     : -HUGE_VAL;
  const auto spoil_at = [&](int64_t row, int64_t column) {
    for (Matrix* matrix : matrices) matrix->set(row, column, value);
  };
  for (int64_t row = static_cast<int64_t>(random() % 3); row < shape.rows; row += 3) {
    if (spoiler == Spoiler::kMaskedRow) {
      for (int64_t j = 0; j < shape.classes; ++j) spoil_at(row, j);
    } else if (spoiler == Spoiler::kMasked) {
      for (int64_t j = 0; j < shape.classes; ++j) {
        if (one_in(random, 3)) spoil_at(row, j);
      }
    } else {
      const int64_t last = shape.classes - 1;
      spoil_at(row, random() % 2
                        ? last
                        : static_cast<int64_t>(random() % static_cast<uint64_t>(last + 1)));
    }
  }
}

const retort_executor* draw_executor(Random& random) {
  const auto& executors = implementation().executors;
  return executors[random() % executors.size()];
}

}  // namespace retort::conformance
