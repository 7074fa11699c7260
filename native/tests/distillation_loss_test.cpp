#include <algorithm>
#include <numeric>

#include "testing.h"

namespace retort::testing {
namespace {

constexpr double kEpsilon = std::numeric_limits<float>::epsilon();

// One random call: its arguments, in buffers of its own.
struct Case {
  retort_distillation_loss_options options = retort_distillation_loss_options_default();
  GuardedMatrix student;
  std::vector<GuardedMatrix> teachers;
  std::vector<float> teacher_weights;
  std::vector<int32_t> labels;
  std::vector<int64_t> wide_labels;
  std::vector<float> row_weights;

  Case(int64_t rows, int64_t classes, int64_t teacher_count, std::mt19937_64& random,
       float scale = 3, int64_t padding = 0, int64_t offset = 0)
      : student(rows, classes, classes + padding, offset) {
    student.fill_normal(random, scale);
    for (int64_t k = 0; k < teacher_count; ++k) {
      teachers.emplace_back(rows, classes, classes + 2 * padding, offset);
      teachers.back().fill_normal(random, scale);
      teacher_weights.push_back(0.25f + static_cast<float>(random() % 4));
    }
    for (int64_t i = 0; i < rows; ++i) {
      labels.push_back(static_cast<int32_t>(random() % static_cast<uint64_t>(classes)));
      row_weights.push_back(0.5f + static_cast<float>(random() % 3));
    }
  }

  const void* label_data() {
    if (options.label_type == RETORT_LABELS_I32) return labels.data();
    wide_labels.assign(labels.begin(), labels.end());
    return wide_labels.data();
  }

  retort_status run(float* gradient, int64_t gradient_stride, float* row_loss,
                    retort_distillation_totals* totals, const retort_executor* executor = nullptr) {
    std::vector<const void*> pointers;
    for (GuardedMatrix& teacher : teachers) pointers.push_back(teacher.data());
    return retort_distillation_loss(
        &options, student.rows, student.classes, student.data(), student.stride, pointers.data(),
        static_cast<int64_t>(pointers.size()), teachers.empty() ? 0 : teachers[0].stride,
        teacher_weights.empty() ? nullptr : teacher_weights.data(), label_data(),
        row_weights.empty() ? nullptr : row_weights.data(), gradient, gradient_stride, row_loss,
        totals, executor);
  }

  reference::DistillationLoss expected(int64_t row) const {
    reference::DistillationOptions meaning;
    meaning.mean = options.mean == RETORT_MEAN_OF_LOGITS ? reference::Mean::kLogits
                                                         : reference::Mean::kProbabilities;
    meaning.temperature = options.temperature;
    meaning.alpha = options.alpha;
    meaning.label_smoothing = options.label_smoothing;
    meaning.scale_by_temperature_squared = options.scale_by_temperature_squared != 0;
    std::vector<reference::Row> rows;
    for (const GuardedMatrix& teacher : teachers) rows.push_back(teacher.row(row));
    const reference::Row weights =
        teacher_weights.empty() ? reference::Row(teachers.size(), 1.0)
                                : reference::Row(teacher_weights.begin(), teacher_weights.end());
    return reference::distillation_loss(meaning, student.row(row), rows, weights,
                                        labels[static_cast<size_t>(row)]);
  }

  double weight(int64_t row) const {
    return row_weights.empty() ? 1.0 : row_weights[static_cast<size_t>(row)];
  }

  double denominator() const {
    if (options.reduction == RETORT_REDUCTION_SUM) return 1;
    if (options.denominator > 0) return options.denominator;
    double sum = 0;
    for (int64_t i = 0; i < student.rows; ++i) {
      if (labels[static_cast<size_t>(i)] != options.ignore_index) sum += weight(i);
    }
    return sum;
  }

  double soft_scale() const {
    return options.scale_by_temperature_squared ? options.temperature * options.temperature : 1.0;
  }

  // Relative error of a probability: an exponent's rounding grows with its magnitude and with the
  // additions of the mean, a sum's with the root of its length.
  double probability_error(int64_t row) const {
    double magnitude = largest_magnitude(student.row(row));
    for (const GuardedMatrix& teacher : teachers)
      magnitude = std::fmax(magnitude, largest_magnitude(teacher.row(row)));
    const double range = 2 * magnitude / std::fmin(1.0, options.temperature);
    return kEpsilon * (16 + (4 + static_cast<double>(teachers.size())) * range +
                       4 * std::sqrt(static_cast<double>(student.classes)));
  }

  double gradient_error(int64_t row) const {
    const double coefficient =
        options.alpha * soft_scale() / options.temperature + (1 - options.alpha);
    return 2 * coefficient * probability_error(row) * weight(row) / denominator();
  }

  double loss_error(int64_t row) const {
    const double logarithms = 1 + std::log(static_cast<double>(student.classes)) +
                              2 * largest_magnitude(student.row(row));
    return (options.alpha * soft_scale() + 1) * probability_error(row) * logarithms * weight(row);
  }
};

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

TEST(DistillationLoss, MatchesTheReferenceForRandomShapesStridesAndOptions) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 400; ++trial) {
    SCOPED_TRACE(trial);
    const int64_t classes =
        pick(random, {1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 31, 33, 65, 100, 129, 1000, 1025});
    const int64_t rows = pick(random, {1, 2, 3, 13});
    Case c(rows, classes, pick(random, {1, 2, 3, 5}), random, 3, pick(random, {0, 1, 5}),
           pick(random, {0, 1, 3}));
    c.options.mean = random() % 2 ? RETORT_MEAN_OF_LOGITS : RETORT_MEAN_OF_PROBABILITIES;
    c.options.label_type = random() % 2 ? RETORT_LABELS_I32 : RETORT_LABELS_I64;
    c.options.reduction = random() % 2 ? RETORT_REDUCTION_SUM : RETORT_REDUCTION_MEAN;
    c.options.temperature = std::vector<float>{0.5f, 1, 2, 4, 20}[random() % 5];
    c.options.alpha = std::vector<float>{0, 0.3f, 0.9f, 1}[random() % 4];
    c.options.label_smoothing = std::vector<float>{0, 0.1f, 1}[random() % 3];
    c.options.scale_by_temperature_squared = static_cast<int32_t>(random() % 2);
    c.options.denominator = random() % 3 == 0 ? 7.5 : 0;
    if (random() % 2) c.row_weights.clear();
    if (random() % 2) c.teacher_weights.clear();
    expect_matches_reference(c, random() % 2 == 0);
  }
}

TEST(DistillationLoss, MatchesTheReferenceOnAVocabularyOfManyThousandClasses) {
  std::mt19937_64 random(2);
  for (const retort_mean mean : {RETORT_MEAN_OF_LOGITS, RETORT_MEAN_OF_PROBABILITIES}) {
    Case c(2, 50257, 3, random);
    c.options.mean = mean;
    c.options.temperature = 2;
    expect_matches_reference(c, false);
  }
}

TEST(DistillationLoss, LogitsFarApartNeitherOverflowNorVanish) {
  std::mt19937_64 random(3);
  for (const float scale : {30.0f, 88.0f, 104.0f, 1e4f}) {
    for (const retort_mean mean : {RETORT_MEAN_OF_LOGITS, RETORT_MEAN_OF_PROBABILITIES}) {
      Case c(5, 37, 2, random, scale);
      c.options.mean = mean;
      // The mixture's logarithm is infinite where its probability underflows in f32 alone: compare
      // only the gradient there.
      GuardedMatrix gradient(5, 37, 37);
      ASSERT_EQ(c.run(gradient.data(), 37, nullptr, nullptr), RETORT_OK);
      for (int64_t i = 0; i < 5; ++i) {
        const reference::DistillationLoss expected = c.expected(i);
        for (int64_t j = 0; j < 37; ++j) {
          const double meant =
              expected.gradient[static_cast<size_t>(j)] * c.weight(i) / c.denominator();
          expect_close(gradient.at(i, j), meant, c.gradient_error(i), "gradient");
        }
      }
    }
  }
}

TEST(DistillationLoss, EveryGradientRowSumsToZero) {
  std::mt19937_64 random(4);
  for (const int64_t classes : {2, 10, 100, 1000}) {
    Case c(8, classes, 4, random);
    c.options.temperature = 3;
    c.options.label_smoothing = 0.1f;
    GuardedMatrix gradient(8, classes, classes);
    ASSERT_EQ(c.run(gradient.data(), classes, nullptr, nullptr), RETORT_OK);
    for (int64_t i = 0; i < 8; ++i) {
      const reference::Row row = gradient.row(i);
      EXPECT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 0, c.gradient_error(i) * 4);
    }
  }
}

TEST(DistillationLoss, AStudentEqualToItsTeacherHasExactlyNoSoftGradientAndLoss) {
  std::mt19937_64 random(5);
  for (const retort_mean mean : {RETORT_MEAN_OF_LOGITS, RETORT_MEAN_OF_PROBABILITIES}) {
    Case c(6, 100, 1, random);
    c.teacher_weights.clear();
    c.options.mean = mean;
    c.options.alpha = 1;
    c.options.temperature = 4;
    c.teachers[0] = c.student;
    GuardedMatrix gradient(6, 100, 100);
    retort_distillation_totals totals;
    ASSERT_EQ(c.run(gradient.data(), 100, nullptr, &totals), RETORT_OK);
    for (int64_t i = 0; i < 6; ++i) {
      for (int64_t j = 0; j < 100; ++j) EXPECT_EQ(gradient.at(i, j), 0);
    }
    EXPECT_NEAR(totals.soft, 0, 16 * 100 * kEpsilon);
  }
}

TEST(DistillationLoss, EqualTeachersActAsOne) {
  std::mt19937_64 random(6);
  for (const retort_mean mean : {RETORT_MEAN_OF_LOGITS, RETORT_MEAN_OF_PROBABILITIES}) {
    Case one(4, 33, 1, random);
    one.teacher_weights.clear();
    one.options.mean = mean;
    Case four = one;
    four.teachers.assign(4, one.teachers[0]);
    GuardedMatrix a(4, 33, 33), b(4, 33, 33);
    ASSERT_EQ(one.run(a.data(), 33, nullptr, nullptr), RETORT_OK);
    ASSERT_EQ(four.run(b.data(), 33, nullptr, nullptr), RETORT_OK);
    for (int64_t i = 0; i < 4; ++i) {
      for (int64_t j = 0; j < 33; ++j) EXPECT_NEAR(a.at(i, j), b.at(i, j), four.gradient_error(i));
    }
  }
}

TEST(DistillationLoss, AConstantAddedToARowChangesNothingButRounding) {
  std::mt19937_64 random(7);
  Case c(4, 20, 2, random);
  GuardedMatrix before(4, 20, 20), after(4, 20, 20);
  ASSERT_EQ(c.run(before.data(), 20, nullptr, nullptr), RETORT_OK);
  for (int64_t i = 0; i < 4; ++i) {
    for (int64_t j = 0; j < 20; ++j) {
      c.student.at(i, j) += 50;
      c.teachers[1].at(i, j) -= 20;
    }
  }
  ASSERT_EQ(c.run(after.data(), 20, nullptr, nullptr), RETORT_OK);
  for (int64_t i = 0; i < 4; ++i) {
    for (int64_t j = 0; j < 20; ++j)
      EXPECT_NEAR(before.at(i, j), after.at(i, j), 2 * c.gradient_error(i));
  }
}

TEST(DistillationLoss, ANaNStaysInItsRow) {
  std::mt19937_64 random(8);
  for (const bool in_teacher : {false, true}) {
    for (const retort_mean mean : {RETORT_MEAN_OF_LOGITS, RETORT_MEAN_OF_PROBABILITIES}) {
      Case c(3, 40, 2, random);
      c.options.mean = mean;
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
    }
  }
}

TEST(DistillationLoss, AMaskedClassHasNoMassAndCostsOnlyWhereTheTeacherWantsIt) {
  std::mt19937_64 random(9);
  for (const retort_mean mean : {RETORT_MEAN_OF_LOGITS, RETORT_MEAN_OF_PROBABILITIES}) {
    Case c(3, 20, 2, random);
    c.options.mean = mean;
    c.labels.assign(3, 0);
    for (GuardedMatrix& teacher : c.teachers) teacher.at(0, 5) = teacher.at(1, 6) = -kInfinity;
    c.student.at(0, 5) = -kInfinity;  // masked by both: nothing
    c.student.at(2, 7) = -kInfinity;  // masked by the student alone: infinite loss
    GuardedMatrix gradient(3, 20, 20);
    std::vector<float> row_loss(3);
    ASSERT_EQ(c.run(gradient.data(), 20, row_loss.data(), nullptr), RETORT_OK);
    for (int64_t i = 0; i < 3; ++i) {
      expect_close(row_loss[static_cast<size_t>(i)], c.weight(i) * c.expected(i).total,
                   c.loss_error(i), "row loss");
      for (int64_t j = 0; j < 20; ++j) EXPECT_TRUE(std::isfinite(gradient.at(i, j)));
    }
    EXPECT_EQ(gradient.at(0, 5), 0);
    EXPECT_EQ(row_loss[2], kInfinity);
  }
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

TEST(DistillationLoss, TheSameBitsForAnyNumberOfThreadsAndAnyPlaceInTheBatch) {
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

}  // namespace
}  // namespace retort::testing
