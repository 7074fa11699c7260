#include "reference/matrix_product.h"

#include <atomic>

#include "network_testing.h"

namespace retort::testing {
namespace {

using reference::Row;

std::atomic<int> calls{0};
std::atomic<int> shortest_side{0};

void counted_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                   const float* a, int lda, const float* b, int ldb, float beta, float* c,
                   int ldc) {
  ++calls;
  for (int side = shortest_side; std::min(m, n) < side;) {
    if (shortest_side.compare_exchange_weak(side, std::min(m, n))) break;
  }
  plain_sgemm(order, transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

Row dense(const GuardedMatrix& matrix) {
  Row all;
  for (int64_t i = 0; i < matrix.rows; ++i) {
    for (double x : matrix.row(i)) all.push_back(x);
  }
  return all;
}

Row magnitudes(Row row) {
  for (double& x : row) x = std::fabs(x);
  return row;
}

TEST(MatrixProduct, MatchesTheReferenceOnEveryShapeStrideAndFlag) {
  std::mt19937_64 random(1);
  const Pool pool = make_pool(3);
  for (int trial = 0; trial < 240; ++trial) {
    SCOPED_TRACE(trial);
    // Of a lent BLAS, and of Retort's own kernel.
    const retort_sgemm sgemm = trial % 2 == 0 ? plain_sgemm : nullptr;
    const bool transpose_a = random() % 2, transpose_b = random() % 2, accumulate = random() % 2;
    const int64_t m = pick(random, {0, 1, 5, 16, 63, 128, 129, 257, 300});
    const int64_t n = pick(random, {0, 1, 7, 16, 64, 130, 257});
    const int64_t k = pick(random, {0, 1, 3, 17, 64, 128, 300});
    const auto matrix = [&](int64_t rows, int64_t columns) {
      GuardedMatrix result(rows, columns, columns + pick(random, {0, 1, 5}), pick(random, {0, 1}));
      result.fill_normal(random, 1);
      return result;
    };
    const GuardedMatrix a = transpose_a ? matrix(k, m) : matrix(m, k);
    const GuardedMatrix b = transpose_b ? matrix(n, k) : matrix(k, n);
    GuardedMatrix c = matrix(m, n);
    const GuardedMatrix before = c;
    ASSERT_EQ(retort_matrix_product(transpose_a, transpose_b, m, n, k, a.data(), a.stride, b.data(),
                                    b.stride, accumulate, c.data(), c.stride, sgemm,
                                    retort_thread_pool_executor(pool.get())),
              RETORT_OK)
        << retort_last_error();
    const auto product = [&](const Row& left, const Row& right) {
      return reference::matrix_product(transpose_a, transpose_b, static_cast<size_t>(m),
                                       static_cast<size_t>(n), static_cast<size_t>(k), left, right);
    };
    const Row expected = product(dense(a), dense(b));
    const Row magnitude = product(magnitudes(dense(a)), magnitudes(dense(b)));
    const Row old = dense(before), actual = dense(c);
    for (size_t i = 0; i < expected.size(); ++i) {
      const double addend = accumulate ? old[i] : 0;
      const double bound =
          kEpsilon * ((static_cast<double>(k) + 1) * magnitude[i] + std::fabs(addend));
      expect_close(actual[i], expected[i] + addend, bound, "element");
    }
    EXPECT_TRUE(c.guards_hold());
  }
}

TEST(MatrixProduct, WithoutAccumulatingWhatWasThereDoesNotMatter) {
  const float a[2] = {1, 2}, b[2] = {3, 4};
  for (const retort_sgemm sgemm : {retort_sgemm{plain_sgemm}, retort_sgemm{nullptr}}) {
    for (const int64_t k : {0, 1}) {
      float c[4] = {kNaN, kNaN, kNaN, kNaN};
      ASSERT_EQ(retort_matrix_product(0, 0, 2, 2, k, a, 1, b, 2, 0, c, 2, sgemm, nullptr),
                RETORT_OK);
      for (int i = 0; i < 4; ++i) EXPECT_EQ(c[i], k == 0 ? 0 : a[i / 2] * b[i % 2]);
    }
  }
}

TEST(MatrixProduct, IsCutIntoEnoughBlocksAndNoneIsTiny) {
  const auto cut = [&](int64_t m, int64_t n) {
    calls = 0;
    shortest_side = INT32_MAX;
    const Floats a(m), b(n);
    Floats c(m * n);
    EXPECT_EQ(retort_matrix_product(0, 0, m, n, 1, a.data(), 1, b.data(), n, 0, c.data(), n,
                                    counted_sgemm, nullptr),
              RETORT_OK);
    return calls.load();
  };
  EXPECT_EQ(cut(64, 64), 1);
  EXPECT_EQ(cut(100, 16), 1);
  EXPECT_GE(cut(128, 512), 8);
  EXPECT_GE(shortest_side, 48);
  EXPECT_GE(cut(1000, 16), 8);
  EXPECT_GE(shortest_side, 16);
  EXPECT_GE(cut(513, 300), 8);
  EXPECT_GE(shortest_side, 48);
}

TEST(MatrixProduct, TheNumberOfThreadsChangesNoBit) {
  std::mt19937_64 random(2);
  const Floats a = Floats::normal(random, 400 * 30), b = Floats::normal(random, 30 * 150);
  expect_same_bits_on_any_threads([&](const retort_executor* executor) {
    Floats by_blas(400 * 150), own(400 * 150);
    retort_matrix_product(0, 0, 400, 150, 30, a.data(), 30, b.data(), 150, 0, by_blas.data(), 150,
                          plain_sgemm, executor);
    retort_matrix_product(0, 0, 400, 150, 30, a.data(), 30, b.data(), 150, 0, own.data(), 150,
                          nullptr, executor);
    return std::vector<Floats>{by_blas, own};
  });
}

TEST(MatrixProduct, ARowOfTheProductDoesNotDependOnTheOthers) {
  std::mt19937_64 random(3);
  const Floats a = Floats::normal(random, 300 * 200), b = Floats::normal(random, 200 * 70);
  Floats all(300 * 70);
  retort_matrix_product(0, 0, 300, 70, 200, a.data(), 200, b.data(), 70, 0, all.data(), 70, nullptr,
                        nullptr);
  for (const int64_t row : {0, 17, 299}) {
    Floats alone(70);
    retort_matrix_product(0, 0, 1, 70, 200, a.data() + row * 200, 200, b.data(), 70, 0,
                          alone.data(), 70, nullptr, nullptr);
    for (int64_t j = 0; j < 70; ++j) EXPECT_EQ(alone[j], all[row * 70 + j]);
  }
}

TEST(MatrixProduct, ABadArgumentIsNamed) {
  float a[16] = {}, b[16] = {}, c[16] = {};
  struct Call {
    int64_t m = 2, n = 3, k = 4;
    const float* a;
    int64_t a_stride = 4;
    const float* b;
    int64_t b_stride = 3;
    float* c;
    int64_t c_stride = 3;
  };
  const auto refused = [&](const std::function<void(Call*)>& spoil, const char* name) {
    Call call;
    call.a = a;
    call.b = b;
    call.c = c;
    spoil(&call);
    expect_refused(
        retort_matrix_product(0, 0, call.m, call.n, call.k, call.a, call.a_stride, call.b,
                              call.b_stride, 0, call.c, call.c_stride, plain_sgemm, nullptr),
        name);
  };
  const int64_t too_large = int64_t{1} << 31;
  refused([](Call* call) { call->m = -1; }, "m must");
  refused([](Call* call) { call->n = -1; }, "n must");
  refused([](Call* call) { call->k = -1; }, "k must");
  refused([&](Call* call) { call->m = too_large; }, "m must");
  refused([&](Call* call) { call->n = too_large; }, "n must");
  refused([&](Call* call) { call->k = too_large; }, "k must");
  refused([&](Call* call) { call->a_stride = too_large; }, "a_stride");
  refused([&](Call* call) { call->b_stride = too_large; }, "b_stride");
  refused([&](Call* call) { call->c_stride = too_large; }, "c_stride");
  refused([](Call* call) { call->a_stride = 3; }, "a stride");
  refused([](Call* call) { call->b_stride = 2; }, "b stride");
  refused([](Call* call) { call->c_stride = 2; }, "c stride");
  refused([](Call* call) { call->a = nullptr; }, "a must");
  refused([](Call* call) { call->b = nullptr; }, "b must");
  refused([](Call* call) { call->c = nullptr; }, "c must");
  refused([&](Call* call) { call->c = a; }, "overlap");
}

}  // namespace
}  // namespace retort::testing
