// What the tests of retort/network.h share beside testing.h: flat arrays with guards, inner
// products and the check that a bad argument is refused by name.
#pragma once

#include <algorithm>
#include <functional>

#include "retort/network.h"
#include "testing.h"

namespace retort::testing {

// `size` floats between guards.
class Floats : public GuardedMatrix {
 public:
  explicit Floats(int64_t size, int64_t offset = 1) : GuardedMatrix(1, size, size, offset) {}

  static Floats normal(std::mt19937_64& random, int64_t size, float scale = 1, float mean = 0) {
    Floats floats(size);
    floats.fill_normal(random, scale);
    for (int64_t i = 0; i < size; ++i) floats[i] += mean;
    return floats;
  }

  float& operator[](int64_t i) { return data()[i]; }
  float operator[](int64_t i) const { return data()[i]; }
  int64_t size() const { return classes; }
  reference::Row values() const { return row(0); }
};

// What cblas_sgemm means, row-major only.
inline void plain_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k,
                        float alpha, const float* a, int lda, const float* b, int ldb, float beta,
                        float* c, int ldc) {
  ASSERT_EQ(order, 101);
  const auto at = [](const float* matrix, int row, int column, int stride) {
    return matrix[static_cast<int64_t>(row) * stride + column];
  };
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < n; ++j) {
      float sum = 0;
      for (int l = 0; l < k; ++l) {
        sum += (transpose_a == 112 ? at(a, l, i, lda) : at(a, i, l, lda)) *
               (transpose_b == 112 ? at(b, j, l, ldb) : at(b, l, j, ldb));
      }
      float& result = c[static_cast<int64_t>(i) * ldc + j];
      result = alpha * sum + (beta == 0 ? 0 : beta * result);
    }
  }
}

inline double inner_product(const reference::Row& a, const reference::Row& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

inline double inner_product_of_magnitudes(const reference::Row& a, const reference::Row& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::fabs(a[i] * b[i]);
  return sum;
}

inline void expect_refused(retort_status status, const char* argument) {
  EXPECT_EQ(status, RETORT_INVALID_ARGUMENT) << argument;
  EXPECT_NE(std::strstr(retort_last_error(), argument), nullptr)
      << "expected " << argument << " in: " << retort_last_error();
}

// compute(executor) gives the same bits on 1, 2 and 7 threads as on the caller's own.
inline void expect_same_bits_on_any_threads(
    const std::function<std::vector<Floats>(const retort_executor*)>& compute) {
  const std::vector<Floats> alone = compute(nullptr);
  for (const int32_t threads : {1, 2, 7}) {
    SCOPED_TRACE(threads);
    const Pool pool = make_pool(threads);
    const std::vector<Floats> together = compute(retort_thread_pool_executor(pool.get()));
    ASSERT_EQ(alone.size(), together.size());
    for (size_t i = 0; i < alone.size(); ++i) EXPECT_TRUE(alone[i].same_bits(together[i])) << i;
  }
}

// The slope of `function` at x along each of its elements, by central differences.
inline reference::Row slopes(const std::function<double(const reference::Row&)>& function,
                             reference::Row x, double step = 1e-5) {
  reference::Row slope;
  for (double& element : x) {
    const double kept = element;
    element = kept + step;
    const double above = function(x);
    element = kept - step;
    slope.push_back((above - function(x)) / (2 * step));
    element = kept;
  }
  return slope;
}

}  // namespace retort::testing
