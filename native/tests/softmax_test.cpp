#include "testing.h"

namespace retort::testing {
namespace {

double error(const GuardedMatrix& logits, int64_t row, float temperature) {
  return kEpsilon * (16 + 8 * largest_magnitude(logits.row(row)) / std::fmin(1.0f, temperature) +
                     4 * std::sqrt(static_cast<double>(logits.classes)));
}

TEST(Softmax, ForwardMatchesTheReference) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 200; ++trial) {
    SCOPED_TRACE(trial);
    const int64_t classes = pick(random, {1, 2, 3, 7, 8, 9, 16, 17, 33, 100, 1001});
    const int64_t padding = pick(random, {0, 1, 6});
    const float temperature = std::vector<float>{0.5f, 1, 4, 20}[random() % 4];
    GuardedMatrix logits(4, classes, classes + padding, pick(random, {0, 1, 3}));
    logits.fill_normal(random, 4);
    if (classes > 2) logits.at(1, 2) = -kInfinity;
    GuardedMatrix p(4, classes, classes + 1), log_p(4, classes, classes + 2);
    ASSERT_EQ(retort_softmax(RETORT_F32, 4, classes, logits.data(), logits.stride, temperature,
                             p.data(), p.stride, nullptr),
              RETORT_OK);
    ASSERT_EQ(retort_log_softmax(RETORT_F32, 4, classes, logits.data(), logits.stride, temperature,
                                 log_p.data(), log_p.stride, nullptr),
              RETORT_OK);
    for (int64_t i = 0; i < 4; ++i) {
      const reference::Row expected = reference::softmax(logits.row(i), temperature);
      const reference::Row log_expected = reference::log_softmax(logits.row(i), temperature);
      for (int64_t j = 0; j < classes; ++j) {
        const double meant = expected[static_cast<size_t>(j)];
        expect_close(p.at(i, j), meant, error(logits, i, temperature) * meant + 1e-45,
                     "probability");
        expect_close(log_p.at(i, j), log_expected[static_cast<size_t>(j)],
                     error(logits, i, temperature) * 4, "log-probability");
      }
    }
    EXPECT_TRUE(p.guards_hold() && log_p.guards_hold());
  }
}

TEST(Softmax, BackwardMatchesTheReferenceInPlaceToo) {
  std::mt19937_64 random(2);
  for (const int64_t classes : {1, 5, 16, 100, 1000}) {
    for (const float temperature : {1.0f, 3.0f}) {
      GuardedMatrix logits(3, classes, classes), p = logits, log_p = logits, g = logits;
      logits.fill_normal(random, 2);
      g.fill_normal(random, 1);
      retort_softmax(RETORT_F32, 3, classes, logits.data(), classes, temperature, p.data(), classes,
                     nullptr);
      retort_log_softmax(RETORT_F32, 3, classes, logits.data(), classes, temperature, log_p.data(),
                         classes, nullptr);
      GuardedMatrix dz = g, log_dz(3, classes, classes);
      ASSERT_EQ(retort_softmax_backward(RETORT_F32, 3, classes, p.data(), classes, dz.data(),
                                        classes, temperature, dz.data(), classes, nullptr),
                RETORT_OK);
      ASSERT_EQ(retort_log_softmax_backward(RETORT_F32, 3, classes, log_p.data(), classes, g.data(),
                                            classes, temperature, log_dz.data(), classes, nullptr),
                RETORT_OK);
      const double bound = kEpsilon * (64 + 16 * std::sqrt(static_cast<double>(classes)));
      for (int64_t i = 0; i < 3; ++i) {
        const reference::Row meant = reference::softmax_backward(p.row(i), g.row(i), temperature);
        const reference::Row log_meant =
            reference::log_softmax_backward(log_p.row(i), g.row(i), temperature);
        for (int64_t j = 0; j < classes; ++j) {
          EXPECT_NEAR(dz.at(i, j), meant[static_cast<size_t>(j)], bound);
          EXPECT_NEAR(log_dz.at(i, j), log_meant[static_cast<size_t>(j)], bound);
        }
      }
    }
  }
}

TEST(Softmax, ARowMaskedThroughoutOrWithANaNIsNaNAndNoOtherRowIs) {
  GuardedMatrix logits(3, 20, 20);
  std::mt19937_64 random(3);
  logits.fill_normal(random, 1);
  for (int64_t j = 0; j < 20; ++j) logits.at(0, j) = -kInfinity;
  logits.at(1, 17) = kNaN;
  GuardedMatrix p(3, 20, 20);
  ASSERT_EQ(retort_softmax(RETORT_F32, 3, 20, logits.data(), 20, 1, p.data(), 20, nullptr),
            RETORT_OK);
  for (int64_t j = 0; j < 20; ++j) {
    EXPECT_TRUE(std::isnan(p.at(0, j)));
    EXPECT_TRUE(std::isnan(p.at(1, j)));
    EXPECT_TRUE(std::isfinite(p.at(2, j)));
  }
}

TEST(Softmax, ABadArgumentIsNamed) {
  float row[4] = {1, 2, 3, 4};
  const auto refused = [&](retort_status status, const char* argument) {
    EXPECT_EQ(status, RETORT_INVALID_ARGUMENT);
    EXPECT_NE(std::strstr(retort_last_error(), argument), nullptr) << retort_last_error();
  };
  refused(retort_softmax(RETORT_F32, 1, 4, nullptr, 4, 1, row, 4, nullptr), "logits");
  refused(retort_softmax(RETORT_F32, 1, 4, row, 4, 1, nullptr, 4, nullptr), "output");
  refused(retort_softmax(RETORT_F32, 1, 0, row, 4, 1, row, 4, nullptr), "classes");
  refused(retort_softmax(RETORT_F32, 1, 4, row, 4, 0, row, 4, nullptr), "temperature");
  refused(retort_softmax(RETORT_F32, 1, 2, row, 4, 1, row + 1, 4, nullptr), "overlap");
  refused(retort_softmax(RETORT_F32, 1, 2, reinterpret_cast<char*>(row) + 1, 2, 1, row, 2, nullptr),
          "aligned");
  refused(retort_softmax(static_cast<retort_dtype>(3), 1, 4, row, 4, 1, row, 4, nullptr), "dtype");
}

}  // namespace
}  // namespace retort::testing
