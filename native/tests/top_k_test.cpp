#include <algorithm>

#include "reference/sparse_distillation.h"
#include "retort/sparse_distillation.h"
#include "typed_matrix.h"

namespace retort::testing {
namespace {

constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
constexpr int32_t kGuardIndex = -77;

// One call and room for what it writes.
struct Case {
  TypedMatrix logits;
  int64_t k;
  retort_form form = RETORT_LOGITS;
  float temperature = 1;
  int64_t indices_stride;
  std::vector<int32_t> indices;
  GuardedMatrix values;

  Case(retort_dtype dtype, int64_t rows, int64_t classes, int64_t k, int64_t padding = 0)
      : logits(dtype, rows, classes, classes + padding, padding),
        k(k),
        indices_stride(k + 2 * padding),
        indices(static_cast<size_t>(rows * indices_stride), kGuardIndex),
        values(rows, k, k + padding, padding) {}

  retort_status run(const retort_executor* executor = nullptr) {
    return retort_top_k(logits.dtype, logits.rows, logits.classes, logits.data(), logits.stride, k,
                        form, temperature, indices.data(), indices_stride, values.data(),
                        values.stride, executor);
  }

  int32_t index(int64_t row, int64_t place) const {
    return indices[static_cast<size_t>(row * indices_stride + place)];
  }
};

void expect_matches_reference(Case& c) {
  ASSERT_EQ(c.run(), RETORT_OK) << retort_last_error();
  for (int64_t i = 0; i < c.logits.rows; ++i) {
    const reference::Row row = c.logits.row(i);
    const reference::TopK expected =
        reference::top_k(row, c.k, static_cast<reference::Form>(c.form), c.temperature);
    const double range = 2 * largest_magnitude(row) / c.temperature;
    const double error =
        kEpsilon * (8 + 2 * range + 4 * std::sqrt(static_cast<double>(c.logits.classes)));
    for (int64_t n = 0; n < c.k; ++n) {
      const auto place = static_cast<size_t>(n);
      EXPECT_EQ(c.index(i, n), expected.indices[place]) << "row " << i << " place " << n;
      const double value = expected.values[place];
      const double bound = c.form == RETORT_LOGITS          ? 0
                           : c.form == RETORT_PROBABILITIES ? error * value
                                                            : error + kEpsilon * std::fabs(value);
      expect_close(c.values.at(i, n), value, bound + 1e-40, "value");
    }
    for (int64_t n = c.k; n < c.indices_stride; ++n) EXPECT_EQ(c.index(i, n), kGuardIndex);
  }
  EXPECT_TRUE(c.values.guards_hold());
}

TEST(TopK, MatchesTheReferenceForRandomShapesTypesAndForms) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 400; ++trial) {
    SCOPED_TRACE(trial);
    const int64_t classes =
        pick(random, {1, 2, 7, 8, 9, 15, 16, 17, 33, 100, 129, 1000, 4097, 9001});
    const int64_t k = std::min({classes, pick(random, {1, 2, 5, 16, 64, 1000, 9001}),
                                static_cast<int64_t>(RETORT_MOST_TOP_K)});
    Case c(kDtypes[random() % 3], pick(random, {1, 2, 5}), classes, k, pick(random, {0, 1, 3}));
    c.form = static_cast<retort_form>(random() % 3);
    c.temperature = std::vector<float>{0.5f, 1, 2, 3.7f}[random() % 4];
    c.logits.fill_normal(random, 3);
    // Ties everywhere.
    if (random() % 3 == 0) {
      for (int64_t i = 0; i < c.logits.rows; ++i) {
        for (int64_t j = 0; j < classes; ++j) c.logits.set(i, j, std::round(c.logits.at(i, j)) / 2);
      }
    }
    expect_matches_reference(c);
  }
}

// A rising row makes every class a candidate, a falling one none but the first.
TEST(TopK, RowsInAnyOrderGiveTheSameClassesAsTheirSort) {
  for (const int64_t k : {1, 3, 64, 1024}) {
    Case c(RETORT_F32, 4, 20000, k);
    for (int64_t j = 0; j < 20000; ++j) {
      const auto step = static_cast<float>(j);
      c.logits.set(0, j, step);
      c.logits.set(1, j, -step);
      c.logits.set(2, j, 5);
      c.logits.set(3, j, static_cast<float>(j % 7));
    }
    expect_matches_reference(c);
  }
}

TEST(TopK, ZerosOfEitherSignAreEqualAndTheLowerClassComesFirst) {
  Case c(RETORT_F32, 1, 40, 6);
  for (int64_t j = 0; j < 40; ++j) c.logits.set(0, j, j % 2 == 0 ? -0.0f : 0.0f);
  expect_matches_reference(c);
  EXPECT_EQ(c.index(0, 0), 0);
  EXPECT_EQ(c.index(0, 5), 5);
}

TEST(TopK, MaskedClassesComeLastAndTheLowestOfThemFirst) {
  for (const retort_form form : {RETORT_LOGITS, RETORT_PROBABILITIES, RETORT_LOG_PROBABILITIES}) {
    Case c(RETORT_F32, 3, 50, 5);
    c.form = form;
    for (int64_t i = 0; i < 3; ++i) {
      for (int64_t j = 0; j < 50; ++j) c.logits.set(i, j, -kInfinity);
    }
    c.logits.set(0, 49, 1);
    c.logits.set(0, 1, 2);
    c.logits.set(1, 0, -3);
    expect_matches_reference(c);
    const int32_t expected[] = {1, 49, 0, 2, 3};
    for (int64_t n = 0; n < 5; ++n) EXPECT_EQ(c.index(0, n), expected[n]);
  }
}

TEST(TopK, ANaNStaysInItsRowWhichKeepsIndicesThatExist) {
  std::mt19937_64 random(2);
  for (const retort_form form : {RETORT_LOGITS, RETORT_LOG_PROBABILITIES}) {
    for (const int64_t place : {0, 17, 8999}) {
      Case c(RETORT_F32, 3, 9000, 4);
      c.form = form;
      c.logits.fill_normal(random, 3);
      c.logits.set(1, place, kNaN);
      expect_matches_reference(c);
      EXPECT_TRUE(std::isnan(c.values.at(1, 0)));
      EXPECT_EQ(c.index(1, 3), 3);
    }
  }
}

TEST(TopK, LogitsFarApartNeitherOverflowNorVanish) {
  std::mt19937_64 random(3);
  for (const float scale : {30.0f, 104.0f, 1e4f}) {
    Case c(RETORT_F32, 5, 3000, 40);
    c.form = RETORT_LOG_PROBABILITIES;
    c.logits.fill_normal(random, scale);
    expect_matches_reference(c);
  }
}

TEST(TopK, AllClassesAreTheRowsDistribution) {
  std::mt19937_64 random(4);
  Case c(RETORT_F32, 4, 300, 300);
  c.form = RETORT_PROBABILITIES;
  c.temperature = 2;
  c.logits.fill_normal(random, 4);
  ASSERT_EQ(c.run(), RETORT_OK);
  GuardedMatrix p(4, 300, 300);
  ASSERT_EQ(retort_softmax(RETORT_F32, 4, 300, c.logits.data(), 300, 2, p.data(), 300, nullptr),
            RETORT_OK);
  for (int64_t i = 0; i < 4; ++i) {
    double sum = 0;
    for (int64_t n = 0; n < 300; ++n) {
      sum += static_cast<double>(c.values.at(i, n));
      EXPECT_NEAR(c.values.at(i, n), p.at(i, c.index(i, n)),
                  64 * kEpsilon * p.at(i, c.index(i, n)));
    }
    EXPECT_NEAR(sum, 1, 64 * kEpsilon);
  }
}

TEST(TopK, TheSameBitsForAnyNumberOfThreads) {
  std::mt19937_64 random(5);
  Case alone(RETORT_F32, 500, 200, 10);
  alone.form = RETORT_LOG_PROBABILITIES;
  alone.logits.fill_normal(random, 3);
  Case again = alone;
  ASSERT_EQ(alone.run(), RETORT_OK);
  for (const int32_t threads : {2, 7}) {
    const Pool pool = make_pool(threads);
    ASSERT_EQ(again.run(retort_thread_pool_executor(pool.get())), RETORT_OK);
    EXPECT_EQ(again.indices, alone.indices);
    EXPECT_TRUE(again.values.same_bits(alone.values));
  }
}

TEST(TopK, NoRowsIsNoError) {
  Case c(RETORT_F32, 0, 5, 2);
  EXPECT_EQ(c.run(), RETORT_OK) << retort_last_error();
}

TEST(TopK, ABadArgumentIsNamedWithItsValueAndNothingIsWritten) {
  const auto refuse = [](auto change, const char* argument, const char* value) {
    std::mt19937_64 random(6);
    Case c(RETORT_F32, 2, 8, 3, 1);
    c.logits.fill_normal(random, 1);
    const Case untouched = c;
    change(c);
    EXPECT_EQ(c.run(), RETORT_INVALID_ARGUMENT) << argument;
    EXPECT_NE(std::strstr(retort_last_error(), argument), nullptr) << retort_last_error();
    EXPECT_NE(std::strstr(retort_last_error(), value), nullptr) << retort_last_error();
    EXPECT_EQ(c.indices, untouched.indices);
    EXPECT_TRUE(c.values.same_bits(untouched.values));
  };
  refuse([](Case& c) { c.k = 0; }, "k", "0");
  refuse([](Case& c) { c.k = 9; }, "k", "9");
  refuse([](Case& c) { c.logits.classes = 5000, c.k = 1025; }, "k", "1025");
  refuse([](Case& c) { c.logits.classes = INT64_C(1) << 31; }, "classes", "2147483648");
  refuse([](Case& c) { c.logits.classes = 0; }, "classes", "0");
  refuse([](Case& c) { c.logits.rows = -1; }, "rows", "-1");
  refuse([](Case& c) { c.logits.dtype = static_cast<retort_dtype>(3); }, "dtype", "3");
  refuse([](Case& c) { c.form = static_cast<retort_form>(3); }, "form", "3");
  refuse([](Case& c) { c.temperature = 0; }, "temperature", "0");
  refuse([](Case& c) { c.temperature = kNaN; }, "temperature", "nan");
  refuse([](Case& c) { c.logits.stride = 7; }, "logits stride", "7");
  refuse([](Case& c) { c.indices_stride = 2; }, "indices stride", "2");
  refuse([](Case& c) { c.values.stride = 1; }, "values stride", "1");
}

TEST(TopK, OutputsOverTheLogitsOrEachOtherAreRefused) {
  std::vector<float> memory(64);
  auto* indices = reinterpret_cast<int32_t*>(memory.data());
  const auto run = [&](int32_t* where_indices, float* where_values) {
    return retort_top_k(RETORT_F32, 2, 8, memory.data(), 8, 3, RETORT_LOGITS, 1, where_indices, 3,
                        where_values, 3, nullptr);
  };
  EXPECT_EQ(run(indices + 10, memory.data() + 40), RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "indices must not overlap logits");
  EXPECT_EQ(run(indices + 40, memory.data() + 10), RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "values must not overlap logits");
  EXPECT_EQ(run(indices + 40, memory.data() + 42), RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "indices must not overlap values");
  EXPECT_EQ(run(indices + 40, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "values must not be null");
  EXPECT_EQ(run(indices + 40, memory.data() + 46), RETORT_OK);
}

}  // namespace
}  // namespace retort::testing
