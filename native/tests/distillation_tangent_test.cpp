#include "distillation_case.h"

namespace retort::testing {
namespace {

// A case with a tangent on the student's logits and room for every teacher's gradient.
struct TangentCase : Case {
  GuardedMatrix tangent;
  std::vector<GuardedMatrix> gradients;

  TangentCase(int64_t rows, int64_t classes, int64_t teacher_count, std::mt19937_64& random,
              float scale = 2, int64_t padding = 0)
      : Case(rows, classes, teacher_count, random, scale, padding),
        tangent(rows, classes, classes + padding) {
    tangent.fill_normal(random, 1);
    gradients.assign(static_cast<size_t>(teacher_count),
                     GuardedMatrix(rows, classes, classes + padding));
  }

  retort_status run_tangent(const retort_executor* executor = nullptr) {
    const std::vector<const void*> pointers = teacher_pointers();
    std::vector<void*> outputs;
    for (GuardedMatrix& gradient : gradients) outputs.push_back(gradient.data());
    options.teacher_temperatures =
        teacher_temperatures.empty() ? nullptr : teacher_temperatures.data();
    return retort_distillation_tangent(
        &options, student.rows, student.classes, student.data(), student.stride, pointers.data(),
        static_cast<int64_t>(pointers.size()), teacher_stride(), teacher_weight_data(),
        label_data(), row_weight_data(), tangent.data(), tangent.stride, outputs.data(),
        gradients.empty() ? student.classes : gradients[0].stride, executor);
  }

  std::vector<reference::Row> expected_gradients(int64_t row) const {
    return reference::distillation_tangent(meaning(), student.row(row), teacher_rows(row),
                                           weights(), labels[static_cast<size_t>(row)],
                                           tangent.row(row));
  }

  // A product with the tangent adds its magnitude; standardisation on the teacher's side divides by
  // its deviation once more.
  double tangent_error(int64_t row) const {
    double largest_scale = 1;
    for (const float temperature : teacher_temperatures) {
      largest_scale = std::fmax(largest_scale, options.temperature / temperature);
    }
    const double standardizations = standardization(row) * standardization(row);
    const double scale = options.alpha * soft_scale() /
                         (options.temperature * options.temperature) * gradient_factor(row);
    const double target =
        options.divergence == RETORT_NORMALIZED ? options.target_weight * options.alpha : 0;
    return 4 * largest_scale * (scale * standardizations + target) * probability_error(row) *
           (1 + largest_magnitude(tangent.row(row))) * weight(row) / denominator();
  }
};

void expect_matches_reference(TangentCase& c) {
  ASSERT_EQ(c.run_tangent(), RETORT_OK) << retort_last_error();
  for (int64_t i = 0; i < c.student.rows; ++i) {
    const std::vector<reference::Row> expected = c.expected_gradients(i);
    const double bound = c.tangent_error(i), scale = c.weight(i) / c.denominator();
    for (size_t k = 0; k < c.gradients.size(); ++k) {
      for (int64_t j = 0; j < c.student.classes; ++j) {
        expect_close(c.gradients[k].at(i, j), scale * expected[k][static_cast<size_t>(j)], bound,
                     "teacher gradient");
      }
    }
  }
  for (const GuardedMatrix& gradient : c.gradients) EXPECT_TRUE(gradient.guards_hold());
}

TEST(DistillationTangent, MatchesTheReferenceForEveryDivergenceAndOption) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 150; ++trial) {
    SCOPED_TRACE(trial);
    TangentCase c(pick(random, {1, 2, 3}), pick(random, {1, 2, 3, 7, 10, 16, 17, 33, 40}),
                  pick(random, {1, 2, 3}), random, 2, pick(random, {0, 1, 5}));
    c.options.mean = kMeans[random() % 2];
    c.options.divergence = kDivergences[random() % 7];
    c.options.temperature = std::vector<float>{1, 2, 2.5f, 4}[random() % 4];
    c.options.alpha = std::vector<float>{0.3f, 1}[random() % 2];
    c.options.beta = std::vector<float>{0, 0.3f, 1}[random() % 3];
    c.options.target_weight = 1.5f;
    c.options.non_target_weight = 3;
    c.options.scale_by_temperature_squared = static_cast<int32_t>(random() % 2);
    c.options.reduction = random() % 2 ? RETORT_REDUCTION_SUM : RETORT_REDUCTION_MEAN;
    // With fewer than three classes a standardised row is a constant, which differences do not see.
    if (c.options.divergence != RETORT_NORMALIZED && c.student.classes > 2) {
      c.options.standardize_logits = random() % 3 == 0;
    }
    if (random() % 3 == 0) {
      for (size_t k = 0; k < c.teachers.size(); ++k) {
        c.teacher_temperatures.push_back(static_cast<float>(1 + random() % 4));
      }
    }
    if (random() % 2) c.teacher_weights.clear();
    expect_matches_reference(c);
  }
}

TEST(DistillationTangent, ARowOfManyBlocksIsTheRowInOne) {
  // Classes beyond the first few hold no mass: the gradient is that of the few.
  std::mt19937_64 random(2);
  for (const retort_mean mean : kMeans) {
    for (const retort_divergence divergence : kDivergences) {
      if (divergence == RETORT_SQUARED_ERROR) continue;  // its mean is over all classes
      for (const bool standardized : {false, true}) {
        if (standardized && divergence == RETORT_NORMALIZED) continue;
        SCOPED_TRACE(::testing::Message() << divergence << ' ' << mean << ' ' << standardized);
        TangentCase few(2, 30, 2, random), many(2, 17000, 2, random);
        few.labels = {3, 29};
        many.labels = few.labels;
        many.labels[1] = 16999;
        many.teacher_weights = few.teacher_weights;
        many.row_weights = few.row_weights;
        for (Case* c : {static_cast<Case*>(&few), static_cast<Case*>(&many)}) {
          c->options.mean = mean;
          c->options.divergence = divergence;
          c->options.standardize_logits = standardized;
          c->options.temperature = 2;
        }
        const auto place = [](int64_t j) { return j < 15 ? j : 17000 - 30 + j; };
        const auto spread = [&](const GuardedMatrix& from, GuardedMatrix& to, float rest) {
          for (int64_t i = 0; i < 2; ++i) {
            for (int64_t j = 0; j < 17000; ++j) to.at(i, j) = rest;
            for (int64_t j = 0; j < 30; ++j)
              to.at(i, place(j)) = static_cast<float>(from.row(i)[static_cast<size_t>(j)]);
          }
        };
        spread(few.student, many.student, -kInfinity);
        spread(few.tangent, many.tangent, 1);
        for (size_t k = 0; k < 2; ++k) spread(few.teachers[k], many.teachers[k], -kInfinity);
        ASSERT_EQ(few.run_tangent(), RETORT_OK);
        ASSERT_EQ(many.run_tangent(), RETORT_OK);
        for (size_t k = 0; k < 2; ++k) {
          for (int64_t i = 0; i < 2; ++i) {
            for (int64_t j = 0; j < 30; ++j) {
              EXPECT_NEAR(many.gradients[k].at(i, place(j)), few.gradients[k].at(i, j),
                          few.tangent_error(i));
            }
            EXPECT_EQ(many.gradients[k].at(i, 8000), 0);
          }
        }
      }
    }
  }
}

TEST(DistillationTangent, EveryRowSumsToZeroButTheSquaredErrors) {
  std::mt19937_64 random(3);
  for (const retort_divergence divergence : kDivergences) {
    if (divergence == RETORT_SQUARED_ERROR) continue;
    TangentCase c(4, 50, 3, random);
    c.options.divergence = divergence;
    c.options.mean = RETORT_MEAN_OF_PROBABILITIES;
    ASSERT_EQ(c.run_tangent(), RETORT_OK);
    for (int64_t i = 0; i < 4; ++i) {
      for (const GuardedMatrix& gradient : c.gradients) {
        double sum = 0;
        for (const double g : gradient.row(i)) sum += g;
        EXPECT_NEAR(sum, 0, 10 * c.tangent_error(i)) << divergence;
      }
    }
  }
}

TEST(DistillationTangent, TheTotalVariationAndATangentOfZeroMoveNoTeacher) {
  std::mt19937_64 random(4);
  for (const retort_divergence divergence : kDivergences) {
    TangentCase c(2, 20, 2, random);
    c.options.divergence = divergence;
    if (divergence != RETORT_TOTAL_VARIATION) {
      for (int64_t i = 0; i < 2; ++i) std::fill_n(&c.tangent.at(i, 0), 20, 0.0f);
    }
    ASSERT_EQ(c.run_tangent(), RETORT_OK);
    for (const GuardedMatrix& gradient : c.gradients) {
      for (int64_t i = 0; i < 2; ++i)
        EXPECT_EQ(largest_magnitude(gradient.row(i)), 0) << divergence;
    }
  }
}

TEST(DistillationTangent, WhatDoesNotCountGetsZero) {
  std::mt19937_64 random(5);
  TangentCase c(3, 9, 2, random);
  c.teacher_weights = {0, 1};
  c.labels[1] = -100;
  for (int64_t j = 0; j < 9; ++j) c.teachers[0].at(0, j) = kNaN;
  c.student.at(1, 0) = kNaN;
  ASSERT_EQ(c.run_tangent(), RETORT_OK);
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(largest_magnitude(c.gradients[0].row(i)), 0);
  EXPECT_EQ(largest_magnitude(c.gradients[1].row(1)), 0);
  EXPECT_GT(largest_magnitude(c.gradients[1].row(2)), 0);
  c.options.alpha = 0;
  ASSERT_EQ(c.run_tangent(), RETORT_OK);
  EXPECT_EQ(largest_magnitude(c.gradients[1].row(2)), 0);
}

TEST(DistillationTangent, MaskedClassesAndANaNStayWhereTheyAre) {
  std::mt19937_64 random(6);
  for (const retort_mean mean : kMeans) {
    for (const retort_divergence divergence : kDivergences) {
      SCOPED_TRACE(::testing::Message() << divergence << ' ' << mean);
      TangentCase c(4, 20, 2, random);
      c.options.mean = mean;
      c.options.divergence = divergence;
      c.labels.assign(4, 0);
      for (GuardedMatrix& teacher : c.teachers) teacher.at(0, 5) = -kInfinity;
      c.student.at(1, 6) = -kInfinity;
      c.teachers[0].at(2, 7) = -kInfinity;
      c.student.at(3, 8) = kNaN;
      ASSERT_EQ(c.run_tangent(), RETORT_OK);
      for (const GuardedMatrix& gradient : c.gradients) {
        for (int64_t i = 0; i < 3; ++i) {
          for (const double g : gradient.row(i)) EXPECT_TRUE(std::isfinite(g)) << i;
        }
        EXPECT_EQ(gradient.row(0)[5], 0);
      }
      EXPECT_EQ(c.gradients[0].at(2, 7), 0);
    }
  }
}

TEST(DistillationTangent, ALabelThatHasAllOfATeachersMassHasNoGradientHoweverFarTheOthersAre) {
  std::mt19937_64 random(10);
  for (const auto& [label, other] : {std::pair(-0.3f, -2007.7f), std::pair(2e38f, -2e38f)}) {
    for (const retort_mean mean : kMeans) {
      SCOPED_TRACE(::testing::Message() << other << ' ' << mean);
      TangentCase c(1, 2, 2, random);
      c.options.mean = mean;
      c.options.divergence = RETORT_NORMALIZED;
      c.options.temperature = 3;
      c.labels = {0};
      for (GuardedMatrix& teacher : c.teachers) {
        teacher.at(0, 0) = label;
        teacher.at(0, 1) = other;
      }
      ASSERT_EQ(c.run_tangent(), RETORT_OK);
      for (const GuardedMatrix& gradient : c.gradients) {
        EXPECT_EQ(gradient.at(0, 0), 0);
        EXPECT_EQ(gradient.at(0, 1), 0);
      }
    }
  }
}

TEST(DistillationTangent, TheSameBitsForAnyNumberOfThreads) {
  std::mt19937_64 random(7);
  TangentCase c(1000, 17, 3, random);
  c.options.mean = RETORT_MEAN_OF_PROBABILITIES;
  ASSERT_EQ(c.run_tangent(), RETORT_OK);
  const std::vector<GuardedMatrix> alone = c.gradients;
  for (const int32_t threads : {1, 2, 7}) {
    const Pool pool = make_pool(threads);
    ASSERT_EQ(c.run_tangent(retort_thread_pool_executor(pool.get())), RETORT_OK);
    for (size_t k = 0; k < 3; ++k) EXPECT_TRUE(c.gradients[k].same_bits(alone[k]));
  }
}

// With no row, whose classes times teachers would be 2^64: a task's rows were counted by dividing by it.
TEST(DistillationTangent, NoRowsOfAnyNumberOfClassesIsNoError) {
  const retort_distillation_loss_options options = retort_distillation_loss_options_default();
  const int64_t classes = int64_t{1} << 60;
  float dummy = 0;
  const std::vector<const void*> teachers(16, &dummy);
  std::vector<float> written(16);
  std::vector<void*> gradients;
  for (float& element : written) gradients.push_back(&element);
  EXPECT_EQ(retort_distillation_tangent(&options, 0, classes, &dummy, classes, teachers.data(), 16,
                                        classes, nullptr, nullptr, nullptr, &dummy, classes,
                                        gradients.data(), classes, nullptr),
            RETORT_OK)
      << retort_last_error();
}

TEST(DistillationTangent, ABadArgumentIsNamedAndNothingIsWritten) {
  std::mt19937_64 random(8);
  TangentCase c(2, 8, 2, random);
  const auto refused = [&](const char* message) {
    const std::vector<GuardedMatrix> untouched = c.gradients;
    EXPECT_EQ(c.run_tangent(), RETORT_INVALID_ARGUMENT);
    EXPECT_NE(std::strstr(retort_last_error(), message), nullptr) << retort_last_error();
    for (size_t k = 0; k < 2; ++k) EXPECT_TRUE(c.gradients[k].same_bits(untouched[k]));
  };
  c.options.teacher_form = RETORT_PROBABILITIES;
  refused("teacher_form");
  c.options.teacher_form = RETORT_LOGITS;
  c.tangent.stride = 7;
  refused("tangent stride");
  c.tangent.stride = 8;
  c.gradients[1].stride = c.gradients[0].stride = 7;
  refused("teacher gradient stride");
  c.gradients[1].stride = c.gradients[0].stride = 8;
  void* outputs[] = {c.tangent.data(), c.gradients[1].data()};
  const std::vector<const void*> pointers = c.teacher_pointers();
  EXPECT_EQ(retort_distillation_tangent(&c.options, 2, 8, c.student.data(), 8, pointers.data(), 2,
                                        8, nullptr, c.labels.data(), nullptr, c.tangent.data(), 8,
                                        outputs, 8, nullptr),
            RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "teacher gradient must not overlap tangent");
  EXPECT_EQ(retort_distillation_tangent(&c.options, 2, 8, c.student.data(), 8, pointers.data(), 2,
                                        8, nullptr, c.labels.data(), nullptr, c.tangent.data(), 8,
                                        nullptr, 8, nullptr),
            RETORT_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace retort::testing
