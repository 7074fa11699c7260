#include "testing.h"

namespace retort::testing {
namespace {

TEST(EnsembleMean, MatchesTheReferenceForEveryMeanAndOutput) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 300; ++trial) {
    SCOPED_TRACE(trial);
    const int64_t classes = pick(random, {1, 2, 9, 10, 16, 33, 100, 1000});
    const int64_t count = pick(random, {1, 2, 3, 16});
    retort_ensemble_mean_options options = retort_ensemble_mean_options_default();
    options.mean = random() % 2 ? RETORT_MEAN_OF_LOGITS : RETORT_MEAN_OF_PROBABILITIES;
    options.output = static_cast<retort_form>(random() % 3);
    options.temperature = std::vector<float>{0.5f, 1, 4}[random() % 3];
    std::vector<GuardedMatrix> members(static_cast<size_t>(count),
                                       GuardedMatrix(3, classes, classes + 2, 1));
    std::vector<const void*> pointers;
    std::vector<float> weights;
    for (GuardedMatrix& member : members) {
      member.fill_normal(random, 3);
      pointers.push_back(member.data());
      weights.push_back(static_cast<float>(random() % 3) + (weights.empty() ? 1.0f : 0.0f));
    }
    const bool weighted = random() % 2;
    if (weighted) options.member_weights = weights.data();
    GuardedMatrix output(3, classes, classes + 1);
    ASSERT_EQ(retort_ensemble_mean(&options, 3, classes, pointers.data(), count, classes + 2,
                                   output.data(), output.stride, nullptr),
              RETORT_OK)
        << retort_last_error();
    const double bound = kEpsilon * (64 + 200.0 * static_cast<double>(count) +
                                     4 * std::sqrt(1.0 * static_cast<double>(classes)));
    for (int64_t i = 0; i < 3; ++i) {
      std::vector<reference::Row> rows;
      for (const GuardedMatrix& member : members) rows.push_back(member.row(i));
      const reference::Row w = weighted ? reference::Row(weights.begin(), weights.end())
                                        : reference::Row(static_cast<size_t>(count), 1.0);
      const auto mean = options.mean == RETORT_MEAN_OF_LOGITS ? reference::Mean::kLogits
                                                              : reference::Mean::kProbabilities;
      reference::Row meant =
          reference::ensemble_log_probabilities(rows, w, mean, options.temperature);
      if (options.output == RETORT_PROBABILITIES)
        meant = reference::ensemble_probabilities(rows, w, mean, options.temperature);
      if (options.output == RETORT_LOGITS) {
        if (mean == reference::Mean::kLogits)
          meant = reference::mean_of_logits(rows, w);
        else
          for (double& x : meant) x *= options.temperature;
      }
      for (int64_t j = 0; j < classes; ++j) {
        const double x = meant[static_cast<size_t>(j)];
        expect_close(output.at(i, j), x, bound * std::fmax(1.0, std::fabs(x)), "mean");
      }
    }
    EXPECT_TRUE(output.guards_hold());
  }
}

TEST(EnsembleMean, TheOutputMayBeAMember) {
  std::mt19937_64 random(2);
  GuardedMatrix a(2, 10, 10), b(2, 10, 10);
  a.fill_normal(random, 1);
  b.fill_normal(random, 1);
  GuardedMatrix apart(2, 10, 10);
  const void* members[] = {a.data(), b.data()};
  for (const retort_mean mean : {RETORT_MEAN_OF_LOGITS, RETORT_MEAN_OF_PROBABILITIES}) {
    retort_ensemble_mean_options options = retort_ensemble_mean_options_default();
    options.mean = mean;
    options.output = RETORT_PROBABILITIES;
    GuardedMatrix kept = a;
    ASSERT_EQ(retort_ensemble_mean(&options, 2, 10, members, 2, 10, apart.data(), 10, nullptr),
              RETORT_OK);
    ASSERT_EQ(retort_ensemble_mean(&options, 2, 10, members, 2, 10, a.data(), 10, nullptr),
              RETORT_OK);
    EXPECT_TRUE(a.same_bits(apart));
    a = kept;
    members[0] = a.data();
  }
}

TEST(EnsembleMean, AMemberOfWeightZeroIsNotRead) {
  GuardedMatrix a(1, 5, 5), poison(1, 5, 5), output(1, 5, 5);
  for (int64_t j = 0; j < 5; ++j) {
    a.at(0, j) = static_cast<float>(j);
    poison.at(0, j) = kNaN;
  }
  const float weights[] = {2, 0};
  retort_ensemble_mean_options options = retort_ensemble_mean_options_default();
  options.member_weights = weights;
  const void* members[] = {a.data(), poison.data()};
  ASSERT_EQ(retort_ensemble_mean(&options, 1, 5, members, 2, 5, output.data(), 5, nullptr),
            RETORT_OK);
  EXPECT_EQ(output.at(0, 4), 4);
}

TEST(EnsembleMean, ABadArgumentIsNamed) {
  float row[4] = {1, 2, 3, 4}, output[4];
  const void* members[] = {row, nullptr};
  retort_ensemble_mean_options options = retort_ensemble_mean_options_default();
  const auto refused = [&](int64_t count, const char* argument) {
    EXPECT_EQ(retort_ensemble_mean(&options, 1, 4, members, count, 4, output, 4, nullptr),
              RETORT_INVALID_ARGUMENT);
    EXPECT_NE(std::strstr(retort_last_error(), argument), nullptr) << retort_last_error();
  };
  refused(0, "member count");
  refused(-1, "member count");
  refused(1025, "member count");
  refused(2, "member must not be null");
  options.output = static_cast<retort_form>(5);
  refused(1, "output kind");
  EXPECT_EQ(retort_ensemble_mean(nullptr, 1, 4, members, 1, 4, output, 4, nullptr),
            RETORT_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace retort::testing
