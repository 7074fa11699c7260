#include <limits>
#include <numeric>

#include "distillation_case.h"

namespace retort::testing {
namespace {

void expect_matches_reference(Case& c, bool in_place) {
  const GuardedMatrix untouched = c.student;
  std::vector<reference::DistillationLoss> expected;
  std::vector<double> gradient_error, loss_error;
  for (int64_t i = 0; i < c.student.rows; ++i) {
    expected.push_back(c.expected(i));
    gradient_error.push_back(c.gradient_error(i));
    loss_error.push_back(c.loss_error(i));
  }
  GuardedMatrix separate(c.student.rows, c.student.classes, c.student.classes + 3, 1);
  GuardedMatrix& gradient = in_place ? c.student : separate;
  std::vector<float> row_loss(static_cast<size_t>(c.student.rows));
  retort_distillation_totals totals;
  const double denominator = c.denominator();
  ASSERT_EQ(c.run(gradient.data(), gradient.stride, row_loss.data(), &totals), RETORT_OK)
      << retort_last_error();

  double total = 0, total_error = 0;
  for (int64_t i = 0; i < c.student.rows; ++i) {
    const auto row = static_cast<size_t>(i);
    const double weight = c.weight(i);
    total += weight * expected[row].total / denominator;
    total_error += loss_error[row] / denominator;
    expect_close(row_loss[row], weight * expected[row].total, loss_error[row], "row loss");
    for (int64_t j = 0; j < c.student.classes; ++j) {
      const double meant = weight / denominator * expected[row].gradient[static_cast<size_t>(j)];
      expect_close(gradient.at(i, j), meant, gradient_error[row], "gradient");
    }
  }
  expect_close(totals.total, total, total_error, "total");
  EXPECT_TRUE(gradient.guards_hold());
  EXPECT_TRUE(in_place || c.student.same_bits(untouched)) << "the student's logits were written";
}

void choose_divergence(Case& c, std::mt19937_64& random) {
  c.options.divergence = kDivergences[random() % 7];
  c.options.beta = std::vector<float>{0, 0.1f, 0.5f, 0.9f, 1}[random() % 5];
  c.options.target_weight = std::vector<float>{0, 1, 2}[random() % 3];
  c.options.non_target_weight = std::vector<float>{0, 1, 8}[random() % 3];
  if (c.options.divergence == RETORT_FORWARD_KL) {
    c.options.soft_value = static_cast<retort_soft_value>(random() % 3);
    if (c.options.mean == RETORT_MEAN_OF_LOGITS && c.teachers.size() > 1 &&
        c.options.soft_value == RETORT_MEAN_OF_KL) {
      c.options.soft_value = RETORT_CROSS_ENTROPY;
    }
  }
}

// Turns the teachers' logits into what the form says they are.
void choose_form(Case& c, std::mt19937_64& random) {
  c.options.teacher_form = static_cast<retort_form>(random() % 3);
  if (c.options.teacher_form == RETORT_LOGITS) return;
  for (GuardedMatrix& teacher : c.teachers) {
    for (int64_t i = 0; i < teacher.rows; ++i) {
      const reference::Row log_p = reference::log_softmax(teacher.row(i), 1);
      for (int64_t j = 0; j < teacher.classes; ++j) {
        const double x = log_p[static_cast<size_t>(j)];
        teacher.at(i, j) =
            static_cast<float>(c.options.teacher_form == RETORT_PROBABILITIES ? std::exp(x) : x);
      }
    }
  }
}

TEST(DistillationLoss, MatchesTheReferenceForRandomShapesStridesAndOptions) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 600; ++trial) {
    SCOPED_TRACE(trial);
    const int64_t classes =
        pick(random, {1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 31, 33, 65, 100, 129, 1000, 1025});
    const int64_t rows = pick(random, {1, 2, 3, 13});
    Case c(rows, classes, pick(random, {1, 2, 3, 5}), random, 3, pick(random, {0, 1, 5}),
           pick(random, {0, 1, 3}));
    c.options.mean = random() % 2 ? RETORT_MEAN_OF_LOGITS : RETORT_MEAN_OF_PROBABILITIES;
    c.options.label_type = random() % 2 ? RETORT_LABELS_I32 : RETORT_LABELS_I64;
    c.options.reduction = static_cast<retort_reduction>(random() % 3);
    c.options.temperature = std::vector<float>{0.5f, 1, 2, 2.5f, 3, 4, 5, 20}[random() % 8];
    c.options.alpha = std::vector<float>{0, 0.3f, 0.9f, 1}[random() % 4];
    c.options.label_smoothing = std::vector<float>{0, 0.1f, 1}[random() % 3];
    c.options.scale_by_temperature_squared = static_cast<int32_t>(random() % 2);
    c.options.denominator = random() % 3 == 0 ? 7.5 : 0;
    choose_divergence(c, random);
    choose_form(c, random);
    if (c.options.divergence != RETORT_NORMALIZED) c.options.standardize_logits = random() % 4 == 0;
    if (random() % 3 == 0) {
      for (size_t k = 0; k < c.teachers.size(); ++k)
        c.teacher_temperatures.push_back(static_cast<float>(1 + random() % 4));
    }
    if (random() % 2) c.row_weights.clear();
    if (random() % 2) c.teacher_weights.clear();
    expect_matches_reference(c, random() % 2 == 0);
  }
}

TEST(DistillationLoss, MatchesTheReferenceOnAVocabularyOfManyThousandClasses) {
  std::mt19937_64 random(2);
  for (const retort_mean mean : kMeans) {
    for (const retort_divergence divergence : kDivergences) {
      for (const bool standardized : {false, true}) {
        SCOPED_TRACE(::testing::Message() << divergence << ' ' << mean << ' ' << standardized);
        if (standardized && divergence == RETORT_NORMALIZED) continue;
        Case c(2, 20001, 3, random);
        c.options.mean = mean;
        c.options.divergence = divergence;
        c.options.temperature = standardized ? 2.5f : 2;
        c.options.standardize_logits = standardized;
        c.labels = {3, 20000};
        expect_matches_reference(c, standardized);
      }
    }
  }
}

// Rows go in lanes, in tiles of as many as a vector has, or by groups and blocks; their edges are everywhere.
TEST(DistillationLoss, MatchesTheReferenceAtEveryEdgeOfATile) {
  std::mt19937_64 random(21);
  for (int64_t classes = 1; classes <= 70; ++classes) {
    for (const retort_mean mean : kMeans) {
      const int64_t rows = 1 + classes * 11 % 35;
      SCOPED_TRACE(::testing::Message() << rows << " x " << classes << ", mean " << mean);
      Case c(rows, classes, 1 + classes % 3, random, 3, pick(random, {0, 1, 5}),
             pick(random, {0, 1}));
      c.options.mean = mean;
      c.options.temperature = std::vector<float>{1, 2, 2.5f, 3, 4}[random() % 5];
      c.options.label_smoothing = 0.1f * static_cast<float>(random() % 2);
      expect_matches_reference(c, random() % 2 == 0);
    }
  }
}

// The largest logit of a long row is in its last block, and its first block has none at all.
TEST(DistillationLoss, PeaksThatRiseFromBlockToBlockAreThoseOfTheWholeRow) {
  std::mt19937_64 random(22);
  for (const int64_t classes : {5000, 10001, 20001}) {
    for (const retort_mean mean : kMeans) {
      for (const float temperature : {2.0f, 2.5f}) {
        SCOPED_TRACE(::testing::Message() << classes << ' ' << mean << ' ' << temperature);
        Case c(2, classes, 2, random);
        c.options.mean = mean;
        c.options.temperature = temperature;
        c.options.soft_value =
            mean == RETORT_MEAN_OF_PROBABILITIES ? RETORT_MEAN_OF_KL : RETORT_KL_OF_MEAN;
        for (int64_t j = 0; j < classes; ++j) {
          const int64_t block = j / 1000;
          const float height = 0.7f * static_cast<float>(block);
          c.student.at(0, j) += height;
          c.student.at(1, j) = j < 1500 ? -kInfinity : c.student.at(1, j) - height;
          for (GuardedMatrix& teacher : c.teachers) {
            teacher.at(0, j) = j < 1500 ? -kInfinity : teacher.at(0, j) + height / 2;
            teacher.at(1, j) = j < 1500 ? -kInfinity : teacher.at(1, j) - height;
          }
        }
        c.labels = {static_cast<int32_t>(classes - 1), 1501};
        expect_matches_reference(c, false);
      }
    }
  }
}

TEST(DistillationLoss, MaskedBlocksBeforeLowLogitsHaveNoGradient) {
  std::mt19937_64 random(24);
  for (const float alpha : {0.0f, 0.5f, 1.0f}) {
    SCOPED_TRACE(alpha);
    Case c(1, 2048, 1, random);
    c.options.alpha = alpha;
    for (int64_t j = 0; j < 2048; ++j) {
      c.student.at(0, j) = j < 1024 ? -kInfinity : c.student.at(0, j) - 200;
      c.teachers[0].at(0, j) = j < 1024 ? -kInfinity : c.teachers[0].at(0, j) - 200;
    }
    c.labels = {1500};
    expect_matches_reference(c, false);
  }
}

// The lowest number is a common mask.
TEST(DistillationLoss, BlocksOfTheLowestLogitBeforeOthersLeaveTheLossFinite) {
  std::mt19937_64 random(25);
  for (const retort_mean mean : kMeans) {
    for (const int64_t classes : {2048, 20001}) {
      SCOPED_TRACE(::testing::Message() << mean << ' ' << classes);
      Case c(1, classes, 2, random);
      c.options.mean = mean;
      c.options.alpha = 1;
      c.options.soft_value =
          mean == RETORT_MEAN_OF_PROBABILITIES ? RETORT_MEAN_OF_KL : RETORT_KL_OF_MEAN;
      for (int64_t j = 0; j < 1024; ++j) {
        c.student.at(0, j) = std::numeric_limits<float>::lowest();
        for (GuardedMatrix& teacher : c.teachers)
          teacher.at(0, j) = std::numeric_limits<float>::lowest();
      }
      retort_distillation_totals totals;
      ASSERT_EQ(c.run(nullptr, 0, nullptr, &totals), RETORT_OK);
      EXPECT_TRUE(std::isfinite(totals.total)) << totals.total;
    }
  }
}

// A gradient that is larger than the cache is written past it.
TEST(DistillationLoss, AGradientWrittenPastTheCacheHasTheSameBits) {
  for (const int64_t classes : {10, 100, 1500, 12000}) {
    SCOPED_TRACE(classes);
    const int64_t rows = 5600000 / classes;
    std::mt19937_64 random(23);
    Case few(7, classes, 1, random);
    Case c(0, classes, 0, random);
    c.options.reduction = RETORT_REDUCTION_SUM;
    c.student = GuardedMatrix(rows, classes, classes);
    c.teachers.emplace_back(rows, classes, classes);
    for (int64_t i = 0; i < rows; ++i) {
      std::copy_n(&few.student.at(i % 7, 0), classes, &c.student.at(i, 0));
      std::copy_n(&few.teachers[0].at(i % 7, 0), classes, &c.teachers[0].at(i, 0));
      c.labels.push_back(i == 11 ? -100 : static_cast<int32_t>(i % classes));
    }
    GuardedMatrix streamed(rows, classes, classes, 3);
    ASSERT_EQ(c.run(streamed.data(), classes, nullptr, nullptr), RETORT_OK) << retort_last_error();
    ASSERT_EQ(c.run(c.student.data(), classes, nullptr, nullptr), RETORT_OK);
    EXPECT_TRUE(streamed.guards_hold());
    EXPECT_EQ(std::memcmp(streamed.data(), c.student.data(),
                          static_cast<size_t>(rows * classes) * sizeof(float)),
              0);
  }
}

TEST(DistillationLoss, LogitsFarApartNeitherOverflowNorVanish) {
  std::mt19937_64 random(3);
  for (const float scale : {30.0f, 88.0f, 104.0f, 1e4f}) {
    for (const retort_mean mean : kMeans) {
      for (const retort_divergence divergence : kDivergences) {
        SCOPED_TRACE(::testing::Message() << divergence << ' ' << mean << ' ' << scale);
        Case c(5, 37, 2, random, scale);
        c.options.mean = mean;
        c.options.divergence = divergence;
        expect_matches_reference(c, false);
      }
    }
  }
}

// body(a case of the mean and the divergence) for every mean and divergence.
template <typename Body>
void for_every_divergence(int64_t rows, int64_t classes, int64_t teachers, Body body) {
  for (const retort_mean mean : kMeans) {
    for (const retort_divergence divergence : kDivergences) {
      SCOPED_TRACE(::testing::Message() << "divergence " << divergence << ", mean " << mean);
      std::mt19937_64 random(4);
      Case c(rows, classes, teachers, random);
      c.options.mean = mean;
      c.options.divergence = divergence;
      c.options.temperature = 3;
      body(c);
    }
  }
}

GuardedMatrix gradient_of(Case& c) {
  GuardedMatrix gradient(c.student.rows, c.student.classes, c.student.classes);
  EXPECT_EQ(c.run(gradient.data(), gradient.stride, nullptr, nullptr), RETORT_OK)
      << retort_last_error();
  return gradient;
}

TEST(DistillationLoss, EveryGradientRowSumsToZero) {
  for (const int64_t classes : {2, 10, 100, 1000}) {
    for_every_divergence(8, classes, 4, [&](Case& c) {
      // Only the logits themselves know a shift.
      c.options.standardize_logits = c.options.divergence == RETORT_SQUARED_ERROR;
      c.options.label_smoothing = 0.1f;
      const GuardedMatrix gradient = gradient_of(c);
      for (int64_t i = 0; i < 8; ++i) {
        const reference::Row row = gradient.row(i);
        EXPECT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 0, c.gradient_error(i) * 4);
      }
    });
  }
}

TEST(DistillationLoss, AStudentEqualToItsTeacherHasExactlyNoSoftGradientAndLoss) {
  for (const bool standardized : {false, true}) {
    for_every_divergence(6, 100, 1, [&](Case& c) {
      if (c.options.divergence == RETORT_NORMALIZED) return;  // a cross-entropy
      // A mixture's logits are its distribution's, without the shift.
      if (c.options.divergence == RETORT_SQUARED_ERROR && c.options.mean != RETORT_MEAN_OF_LOGITS)
        return;
      c.teacher_weights.clear();
      c.options.alpha = 1;
      c.options.standardize_logits = standardized;
      c.teachers[0] = c.student;
      GuardedMatrix gradient(6, 100, 100);
      retort_distillation_totals totals;
      ASSERT_EQ(c.run(gradient.data(), 100, nullptr, &totals), RETORT_OK);
      // In the Jensen-Shannon divergence the logarithm of the mixture rounds, standing for log p itself.
      const bool exact = c.options.divergence != RETORT_JENSEN_SHANNON;
      for (int64_t i = 0; i < 6; ++i) {
        for (int64_t j = 0; j < 100; ++j)
          EXPECT_NEAR(gradient.at(i, j), 0, exact ? 0 : c.gradient_error(i));
      }
      EXPECT_NEAR(totals.soft, 0, exact ? 0 : c.loss_error(0));
    });
  }
}

TEST(DistillationLoss, EqualTeachersActAsOne) {
  for_every_divergence(4, 33, 1, [](Case& one) {
    one.teacher_weights.clear();
    Case four = one;
    four.teachers.assign(4, one.teachers[0]);
    const GuardedMatrix a = gradient_of(one), b = gradient_of(four);
    for (int64_t i = 0; i < 4; ++i) {
      for (int64_t j = 0; j < 33; ++j) EXPECT_NEAR(a.at(i, j), b.at(i, j), four.gradient_error(i));
    }
  });
}

TEST(DistillationLoss, AConstantAddedToARowChangesNothingButRounding) {
  for_every_divergence(4, 20, 2, [](Case& c) {
    if (c.options.divergence == RETORT_SQUARED_ERROR) return;
    const GuardedMatrix before = gradient_of(c);
    for (int64_t i = 0; i < 4; ++i) {
      for (int64_t j = 0; j < 20; ++j) {
        c.student.at(i, j) += 50;
        c.teachers[1].at(i, j) -= 20;
      }
    }
    const GuardedMatrix after = gradient_of(c);
    for (int64_t i = 0; i < 4; ++i) {
      for (int64_t j = 0; j < 20; ++j)
        EXPECT_NEAR(before.at(i, j), after.at(i, j), 2 * c.gradient_error(i));
    }
  });
}

TEST(DistillationLoss, AnotherOrderOfTheClassesIsTheSameLossInThatOrder) {
  for_every_divergence(3, 37, 2, [](Case& c) {
    const auto place = [](int64_t j) { return j * 5 % 37; };
    Case moved = c;
    for (int64_t i = 0; i < 3; ++i) {
      for (int64_t j = 0; j < 37; ++j) {
        moved.student.at(i, place(j)) = c.student.at(i, j);
        for (size_t k = 0; k < 2; ++k) moved.teachers[k].at(i, place(j)) = c.teachers[k].at(i, j);
      }
      moved.labels[static_cast<size_t>(i)] =
          static_cast<int32_t>(place(c.labels[static_cast<size_t>(i)]));
    }
    const GuardedMatrix before = gradient_of(c), after = gradient_of(moved);
    for (int64_t i = 0; i < 3; ++i) {
      for (int64_t j = 0; j < 37; ++j)
        EXPECT_NEAR(after.at(i, place(j)), before.at(i, j), c.gradient_error(i));
    }
  });
}

TEST(DistillationLoss, TwoClassesHaveNoPartOutsideTheLabel) {
  std::mt19937_64 random(16);
  Case c(5, 2, 2, random);
  c.options.divergence = RETORT_DECOUPLED;
  c.options.alpha = 1;
  c.options.target_weight = 0;
  c.options.non_target_weight = 8;
  GuardedMatrix gradient(5, 2, 2);
  retort_distillation_totals totals;
  ASSERT_EQ(c.run(gradient.data(), 2, nullptr, &totals), RETORT_OK);
  EXPECT_EQ(totals.soft, 0);
  for (int64_t i = 0; i < 5; ++i) EXPECT_EQ(largest_magnitude(gradient.row(i)), 0);
}

// 1 - p_y is far below what a float's 1 - p can tell, and the classes besides the label still have their
// distribution.
TEST(DistillationLoss, ALabelThatTakesAllMassLeavesTheOthersTheirDistribution) {
  for_every_divergence(4, 12, 2, [](Case& c) {
    if (c.options.divergence != RETORT_DECOUPLED && c.options.divergence != RETORT_NORMALIZED)
      return;
    c.options.temperature = 1;
    for (int64_t i = 0; i < 4; ++i) {
      const int64_t label = c.labels[static_cast<size_t>(i)];
      c.student.at(i, label) = 60.0f * static_cast<float>(1 + i);
      c.teachers[0].at(i, label) = 500;
      c.teachers[1].at(i, label) = 40;
    }
    expect_matches_reference(c, false);
  });
}

TEST(DistillationLoss, TheThreeValuesOfTheForwardKlHaveTheSameGradientToTheBit) {
  std::mt19937_64 random(17);
  Case c(4, 50, 3, random);
  c.options.mean = RETORT_MEAN_OF_PROBABILITIES;
  c.options.temperature = 2;
  const GuardedMatrix gradient = gradient_of(c);
  for (const retort_soft_value value : {RETORT_MEAN_OF_KL, RETORT_CROSS_ENTROPY}) {
    c.options.soft_value = value;
    EXPECT_TRUE(gradient_of(c).same_bits(gradient));
  }
}

TEST(DistillationLoss, ANaNStaysInItsRow) {
  for (const bool in_teacher : {false, true}) {
    for_every_divergence(3, 40, 2, [&](Case& c) {
      Case clean = c;
      (in_teacher ? c.teachers[1] : c.student).at(1, 39) = kNaN;
      GuardedMatrix a(3, 40, 40), b(3, 40, 40);
      std::vector<float> row_loss(3);
      ASSERT_EQ(c.run(a.data(), 40, row_loss.data(), nullptr), RETORT_OK);
      ASSERT_EQ(clean.run(b.data(), 40, nullptr, nullptr), RETORT_OK);
      EXPECT_TRUE(std::isnan(row_loss[1]));
      for (int64_t j = 0; j < 40; ++j) {
        EXPECT_EQ(a.at(0, j), b.at(0, j));
        EXPECT_TRUE(std::isnan(a.at(1, j)));
        EXPECT_EQ(a.at(2, j), b.at(2, j));
      }
    });
  }
}

TEST(DistillationLoss, ARowMaskedThroughoutIsNaNAndNoOtherRowIs) {
  for (const bool in_teacher : {false, true}) {
    for_every_divergence(3, 20, 1, [&](Case& c) {
      for (int64_t j = 0; j < 20; ++j)
        (in_teacher ? c.teachers[0] : c.student).at(1, j) = -kInfinity;
      std::vector<float> row_loss(3);
      ASSERT_EQ(c.run(nullptr, 20, row_loss.data(), nullptr), RETORT_OK);
      EXPECT_TRUE(std::isfinite(row_loss[0]));
      EXPECT_TRUE(std::isnan(row_loss[1]));
      EXPECT_TRUE(std::isfinite(row_loss[2]));
    });
  }
}

TEST(DistillationLoss, MaskedClassesAreThoseOfTheReferenceAndTheGradientIsFinite) {
  for (const bool standardized : {false, true}) {
    for_every_divergence(8, 20, 2, [&](Case& c) {
      if (standardized && c.options.divergence == RETORT_NORMALIZED) return;
      c.options.standardize_logits = standardized;
      c.labels = {0, 0, 0, 3, 3, 3, 3, 3};
      for (GuardedMatrix& teacher : c.teachers) {
        teacher.at(0, 5) = teacher.at(1, 6) =
            -kInfinity;                 // 0: by both sides, 1: by the teachers alone
        teacher.at(3, 3) = -kInfinity;  // the label, by the teachers alone
        teacher.at(5, 3) = -kInfinity;  // the label, by both
        for (int64_t j = 0; j < 20; ++j) {
          if (j != 3) teacher.at(6, j) = -kInfinity;  // all but the label, by the teachers
        }
      }
      c.teachers[1].at(7, 4) = -kInfinity;  // by one teacher of two
      c.student.at(0, 5) = -kInfinity;
      c.student.at(2, 7) = -kInfinity;  // by the student alone
      c.student.at(4, 3) = -kInfinity;  // the label, by the student alone
      c.student.at(5, 3) = -kInfinity;
      GuardedMatrix gradient(8, 20, 20);
      std::vector<float> row_loss(8);
      ASSERT_EQ(c.run(gradient.data(), 20, row_loss.data(), nullptr), RETORT_OK);
      for (int64_t i = 0; i < 8; ++i) {
        // A single class has no deviation, and what is 0 / epsilon on paper is rounding over epsilon.
        if (standardized && i == 6) continue;
        const reference::DistillationLoss expected = c.expected(i);
        expect_close(row_loss[static_cast<size_t>(i)], c.weight(i) * expected.total,
                     c.loss_error(i), "row loss");
        for (int64_t j = 0; j < 20; ++j) {
          EXPECT_TRUE(std::isfinite(gradient.at(i, j))) << i;
          EXPECT_NEAR(gradient.at(i, j),
                      expected.gradient[static_cast<size_t>(j)] * c.weight(i) / c.denominator(),
                      c.gradient_error(i))
              << i;
        }
      }
    });
  }
}

TEST(DistillationLoss, TiesHaveTheSubgradientZero) {
  std::mt19937_64 random(18);
  Case c(1, 4, 1, random);
  c.row_weights.clear();
  c.options.divergence = RETORT_TOTAL_VARIATION;
  c.options.alpha = 1;
  c.teacher_weights.clear();
  const float student[] = {0, 0, 0, -kInfinity}, teacher[] = {0, 0, -kInfinity, 0};
  for (int64_t j = 0; j < 4; ++j) {
    c.student.at(0, j) = student[j];
    c.teachers[0].at(0, j) = teacher[j];
  }
  // q = (1, 1, 1, 0) / 3 and h = (0, 0, 1, -1) / 2.
  const GuardedMatrix gradient = gradient_of(c);
  EXPECT_NEAR(gradient.at(0, 0), -1.0 / 18, 4 * kEpsilon);
  EXPECT_NEAR(gradient.at(0, 1), -1.0 / 18, 4 * kEpsilon);
  EXPECT_NEAR(gradient.at(0, 2), 1.0 / 9, 4 * kEpsilon);
  EXPECT_EQ(gradient.at(0, 3), 0);
}

TEST(DistillationLoss, AnIgnoredRowContributesNothingAndGetsAZeroGradient) {
  std::mt19937_64 random(10);
  Case c(5, 12, 2, random);
  c.labels[1] = c.labels[3] = -100;
  c.student.at(1, 0) = kNaN;
  GuardedMatrix gradient(5, 12, 12);
  std::vector<float> row_loss(5);
  retort_distillation_totals totals;
  ASSERT_EQ(c.run(gradient.data(), 12, row_loss.data(), &totals), RETORT_OK);
  EXPECT_EQ(totals.counted_rows, 3);
  EXPECT_DOUBLE_EQ(totals.denominator, c.denominator());
  EXPECT_TRUE(std::isfinite(totals.total));
  for (int64_t j = 0; j < 12; ++j) EXPECT_EQ(gradient.at(1, j), 0);
  EXPECT_EQ(row_loss[3], 0);
}

TEST(DistillationLoss, ABatchWithNothingToCountIsZeroAndNoError) {
  std::mt19937_64 random(11);
  Case c(2, 4, 1, random);
  c.labels.assign(2, -100);
  GuardedMatrix gradient(2, 4, 4);
  retort_distillation_totals totals;
  ASSERT_EQ(c.run(gradient.data(), 4, nullptr, &totals), RETORT_OK);
  EXPECT_EQ(totals.total, 0);
  EXPECT_EQ(gradient.at(1, 3), 0);
  Case empty(0, 4, 1, random);
  ASSERT_EQ(empty.run(nullptr, 4, nullptr, &totals), RETORT_OK) << retort_last_error();
  EXPECT_EQ(totals.counted_rows, 0);
}

// The gradient and the loss of row i of a batch, computed alone.
void expect_row_alone_has_same_bits(const Case& c, int64_t i, const GuardedMatrix& gradient,
                                    float row_loss) {
  Case alone = c;
  const int64_t classes = c.student.classes;
  alone.student.rows = 1;
  for (int64_t j = 0; j < classes; ++j) {
    alone.student.at(0, j) = c.student.at(i, j);
    for (size_t k = 0; k < c.teachers.size(); ++k)
      alone.teachers[k].at(0, j) = c.teachers[k].at(i, j);
  }
  alone.labels = {c.labels[static_cast<size_t>(i)]};
  alone.row_weights = {c.row_weights[static_cast<size_t>(i)]};
  GuardedMatrix row(1, classes, classes);
  float loss;
  ASSERT_EQ(alone.run(row.data(), classes, &loss, nullptr), RETORT_OK) << retort_last_error();
  EXPECT_EQ(std::memcmp(&gradient.data()[i * classes], row.data(),
                        static_cast<size_t>(classes) * sizeof(float)),
            0)
      << "row " << i;
  EXPECT_EQ(std::memcmp(&loss, &row_loss, sizeof loss), 0) << "row " << i;
}

TEST(DistillationLoss, ARowsBitsDoNotDependOnItsPlaceInTheBatch) {
  for (const int64_t classes : {1, 2, 10, 21, 64, 65, 100, 300, 1100}) {
    SCOPED_TRACE(classes);
    for_every_divergence(classes < 100 ? 37 : 18, classes, 2, [](Case& c) {
      c.options.reduction = RETORT_REDUCTION_SUM;
      const int64_t rows = c.student.rows, width = c.student.classes;
      GuardedMatrix whole(rows, width, width);
      std::vector<float> row_loss(static_cast<size_t>(rows));
      ASSERT_EQ(c.run(whole.data(), width, row_loss.data(), nullptr), RETORT_OK);
      for (int64_t i = 0; i < rows; ++i) {
        expect_row_alone_has_same_bits(c, i, whole, row_loss[static_cast<size_t>(i)]);
      }
    });
  }
}

TEST(DistillationLoss, ANaNInOneRowOfATileLeavesTheOthersTheirBits) {
  for (const int64_t classes : {2, 10, 64, 100, 1100}) {
    for_every_divergence(19, classes, 2, [&](Case& c) {
      GuardedMatrix clean(19, classes, classes), spoilt(19, classes, classes);
      ASSERT_EQ(c.run(clean.data(), classes, nullptr, nullptr), RETORT_OK);
      c.student.at(5, classes - 1) = kNaN;
      c.teachers[1].at(17, 0) = kNaN;
      ASSERT_EQ(c.run(spoilt.data(), classes, nullptr, nullptr), RETORT_OK);
      for (int64_t i = 0; i < 19; ++i) {
        const bool is_spoilt = i == 5 || i == 17;
        EXPECT_EQ(std::memcmp(&clean.at(i, 0), &spoilt.at(i, 0),
                              static_cast<size_t>(classes) * sizeof(float)) == 0,
                  !is_spoilt)
            << classes << " classes, row " << i;
        EXPECT_EQ(std::isnan(spoilt.at(i, 0)), is_spoilt);
      }
    });
  }
}

TEST(DistillationLoss, TheSameBitsForAnyNumberOfThreads) {
  std::mt19937_64 random(12);
  Case c(3000, 17, 3, random);
  c.options.mean = RETORT_MEAN_OF_PROBABILITIES;
  GuardedMatrix alone(3000, 17, 17);
  retort_distillation_totals first, again;
  ASSERT_EQ(c.run(alone.data(), 17, nullptr, &first), RETORT_OK);
  for (const int32_t threads : {1, 2, 7}) {
    const Pool pool = make_pool(threads);
    GuardedMatrix gradient(3000, 17, 17);
    ASSERT_EQ(c.run(gradient.data(), 17, nullptr, &again, retort_thread_pool_executor(pool.get())),
              RETORT_OK);
    EXPECT_TRUE(gradient.same_bits(alone));
    EXPECT_EQ(std::memcmp(&first.total, &again.total, sizeof first.total), 0);
  }
}

TEST(DistillationLoss, AnUnusedPartIsNeverRead) {
  std::mt19937_64 random(13);
  Case c(3, 10, 0, random);
  c.options.alpha = 0;
  retort_distillation_totals totals;
  EXPECT_EQ(
      retort_distillation_loss(&c.options, 3, 10, c.student.data(), 10, nullptr, 0, 0, nullptr,
                               c.labels.data(), nullptr, nullptr, 0, nullptr, &totals, nullptr),
      RETORT_OK);
  c.options.alpha = 1;
  const void* teachers[] = {c.student.data()};
  EXPECT_EQ(
      retort_distillation_loss(&c.options, 3, 10, c.student.data(), 10, teachers, 1, 10, nullptr,
                               nullptr, nullptr, nullptr, 0, nullptr, &totals, nullptr),
      RETORT_OK);
}

void expect_refused(Case& c, const char* argument, const char* value, int64_t gradient_stride = 8) {
  GuardedMatrix gradient(2, 8, 8);
  const GuardedMatrix untouched = gradient;
  EXPECT_EQ(c.run(gradient.data(), gradient_stride, nullptr, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_NE(std::strstr(retort_last_error(), argument), nullptr) << retort_last_error();
  EXPECT_NE(std::strstr(retort_last_error(), value), nullptr) << retort_last_error();
  EXPECT_TRUE(gradient.same_bits(untouched)) << "something was written before the check";
}

TEST(DistillationLoss, ABadArgumentIsNamedWithItsValueAndNothingIsWritten) {
  std::mt19937_64 random(14);
  const Case good(2, 8, 2, random);
  const auto refuse = [&](auto change, const char* argument, const char* value) {
    Case bad = good;
    change(bad);
    expect_refused(bad, argument, value);
  };
  refuse([](Case& c) { c.options.temperature = 0; }, "temperature", "0");
  refuse([](Case& c) { c.options.temperature = -1; }, "temperature", "-1");
  refuse([](Case& c) { c.options.temperature = kNaN; }, "temperature", "nan");
  refuse([](Case& c) { c.options.temperature = kInfinity; }, "temperature", "inf");
  refuse([](Case& c) { c.options.alpha = 1.5f; }, "alpha", "1.5");
  refuse([](Case& c) { c.options.alpha = kNaN; }, "alpha", "nan");
  refuse([](Case& c) { c.options.label_smoothing = -0.5f; }, "label_smoothing", "-0.5");
  refuse([](Case& c) { c.options.denominator = -2; }, "denominator", "-2");
  refuse([](Case& c) { c.options.mean = static_cast<retort_mean>(9); }, "mean", "9");
  refuse([](Case& c) { c.options.reduction = static_cast<retort_reduction>(9); }, "reduction", "9");
  refuse([](Case& c) { c.options.reduction = RETORT_REDUCTION_NONE; }, "row_loss", "NONE");
  refuse([](Case& c) { c.options.dtype = static_cast<retort_dtype>(3); }, "dtype", "3");
  refuse([](Case& c) { c.options.divergence = static_cast<retort_divergence>(7); }, "divergence",
         "7");
  refuse([](Case& c) { c.options.soft_value = static_cast<retort_soft_value>(3); }, "soft_value",
         "3");
  refuse([](Case& c) { c.options.soft_value = RETORT_MEAN_OF_KL; }, "soft_value", "mean 0");
  refuse([](Case& c) { c.options.teacher_form = static_cast<retort_form>(-1); }, "teacher_form",
         "-1");
  refuse([](Case& c) { c.options.beta = 1.5f; }, "beta", "1.5");
  refuse([](Case& c) { c.options.target_weight = -1; }, "target_weight", "-1");
  refuse([](Case& c) { c.options.non_target_weight = kInfinity; }, "non_target_weight", "inf");
  refuse([](Case& c) { c.options.standardize_epsilon = kNaN; }, "standardize_epsilon", "nan");
  refuse([](Case& c) { c.teacher_temperatures = {1, -2}; }, "teacher_temperatures", "-2");
  refuse(
      [](Case& c) {
        c.options.divergence = RETORT_REVERSE_KL;
        c.options.soft_value = RETORT_CROSS_ENTROPY;
      },
      "soft_value", "2");
  refuse(
      [](Case& c) {
        c.options.divergence = RETORT_NORMALIZED;
        c.options.standardize_logits = 1;
      },
      "standardize_logits", "1");
  refuse([](Case& c) { c.options.label_type = static_cast<retort_label_type>(2); }, "label_type",
         "2");
  refuse([](Case& c) { c.labels[1] = 8; }, "labels[1]", "8");
  refuse([](Case& c) { c.labels[0] = -1; }, "labels[0]", "-1");
  refuse([](Case& c) { c.row_weights[1] = -3; }, "row_weights[1]", "-3");
  refuse([](Case& c) { c.row_weights[0] = kNaN; }, "row_weights[0]", "nan");
  refuse([](Case& c) { c.teacher_weights[1] = -1; }, "teacher", "-1");
  refuse([](Case& c) { c.teacher_weights.assign(2, 0.0f); }, "teacher", "0");
  refuse([](Case& c) { c.teachers.clear(); }, "teacher", "0");
  refuse([](Case& c) { c.student.stride = 7; }, "student stride", "7");
  refuse([](Case& c) { c.student.rows = -1; }, "rows", "-1");
  refuse([](Case& c) { c.student.rows = INT64_MAX / 8; }, "student", "overflows");
  Case bad = good;
  expect_refused(bad, "gradient stride", "7", 7);
}

TEST(DistillationLoss, AGradientOverATeacherOrHalfOverTheStudentIsRefused) {
  std::mt19937_64 random(15);
  Case c(2, 8, 1, random);
  EXPECT_EQ(c.run(c.teachers[0].data(), 8, nullptr, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "gradient must not overlap teacher");
  EXPECT_EQ(c.run(c.student.data() + 4, 8, nullptr, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "gradient must not overlap student");
}

TEST(DistillationLoss, AnOutputOverTheLabelsOrTheWeightsOfTheRowsIsRefused) {
  std::mt19937_64 random(16);
  Case c(2, 8, 1, random);
  c.row_weights = {1, 1};
  c.labels.resize(64);  // so that the whole gradient lies over them, and over nothing else
  auto* const labels = reinterpret_cast<float*>(c.labels.data());
  EXPECT_EQ(c.run(labels + 1, 8, nullptr, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "gradient must not overlap labels");
  EXPECT_EQ(c.run(nullptr, 0, labels, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "row_loss must not overlap labels");
  EXPECT_EQ(c.run(nullptr, 0, c.row_weights.data(), nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "row_loss must not overlap row_weights");
}

}  // namespace
}  // namespace retort::testing
