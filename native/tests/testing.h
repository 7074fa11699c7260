// What the native tests share: random matrices with guard bands, a comparison against the reference
// with a bound derived from the arithmetic, and executors of several sizes.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "reference/reference.h"
#include "retort/retort.h"

// Where the matrices of the tests lie. A device's tests, which are these with another header before them, name an
// allocator of theirs.
#if !defined(RETORT_TEST_ALLOCATOR)
#define RETORT_TEST_ALLOCATOR std::allocator
#endif

namespace retort::testing {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kGuard = -12345.678f;
constexpr double kEpsilon = std::numeric_limits<float>::epsilon();

// A [rows, classes] matrix inside a larger buffer whose every other element holds the guard value.
class GuardedMatrix {
 public:
  GuardedMatrix(int64_t rows, int64_t classes, int64_t stride, int64_t offset = 0)
      : rows(rows),
        classes(classes),
        stride(stride),
        offset_(offset),
        buffer_(static_cast<size_t>(offset + rows * stride + 64), kGuard) {}

  float* data() { return buffer_.data() + offset_; }
  const float* data() const { return buffer_.data() + offset_; }
  float& at(int64_t row, int64_t column) { return data()[row * stride + column]; }
  float at(int64_t row, int64_t column) const { return data()[row * stride + column]; }

  reference::Row row(int64_t i) const {
    return reference::Row(data() + i * stride, data() + i * stride + classes);
  }

  void fill_normal(std::mt19937_64& random, float scale) {
    std::normal_distribution<float> normal(0, scale);
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < classes; ++j) at(i, j) = normal(random);
    }
  }

  // True where nothing outside the matrix was written.
  bool guards_hold() const {
    for (int64_t i = 0; i < static_cast<int64_t>(buffer_.size()); ++i) {
      const int64_t k = i - offset_;
      const bool inside = k >= 0 && k < rows * stride && k % stride < classes;
      if (!inside && buffer_[static_cast<size_t>(i)] != kGuard) return false;
    }
    return true;
  }

  bool same_bits(const GuardedMatrix& other) const {
    return buffer_.size() == other.buffer_.size() &&
           std::memcmp(buffer_.data(), other.buffer_.data(), buffer_.size() * sizeof(float)) == 0;
  }

  int64_t rows;
  int64_t classes;
  int64_t stride;

 private:
  int64_t offset_;
  std::vector<float, RETORT_TEST_ALLOCATOR<float>> buffer_;
};

inline double largest_magnitude(const reference::Row& row) {
  double largest = 0;
  for (double x : row) {
    if (std::isfinite(x)) largest = std::fmax(largest, std::fabs(x));
  }
  return largest;
}

inline void expect_close(double actual, double expected, double bound, const char* what) {
  if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(actual)) << what << ": expected NaN, got " << actual;
  } else if (std::isinf(expected)) {
    EXPECT_EQ(actual, expected) << what;
  } else {
    EXPECT_NEAR(actual, expected, bound) << what;
  }
}

struct PoolDeleter {
  void operator()(retort_thread_pool* pool) const { retort_thread_pool_destroy(pool); }
};
using Pool = std::unique_ptr<retort_thread_pool, PoolDeleter>;

inline Pool make_pool(int32_t threads) {
  retort_thread_pool* pool = nullptr;
  EXPECT_EQ(retort_thread_pool_create(threads, &pool), RETORT_OK) << retort_last_error();
  return Pool(pool);
}

inline int64_t pick(std::mt19937_64& random, std::initializer_list<int64_t> values) {
  return values.begin()[random() % values.size()];
}

}  // namespace retort::testing
