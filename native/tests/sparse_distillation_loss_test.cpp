#include <algorithm>
#include <numeric>

#include "reference/sparse_distillation.h"
#include "retort/sparse_distillation.h"
#include "typed_matrix.h"

namespace retort::testing {
namespace {

constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
constexpr retort_tail kTails[] = {RETORT_TAIL_BIN, RETORT_TAIL_RENORMALIZED, RETORT_TAIL_UNIFORM,
                                  RETORT_TAIL_TRUNCATED};

// One call: its arguments, in buffers of their own.
struct Case {
  retort_sparse_distillation_loss_options options =
      retort_sparse_distillation_loss_options_default();
  TypedMatrix student;
  int64_t k;
  int64_t stride;  // of the teachers
  std::vector<std::vector<int32_t>> indices;
  std::vector<std::vector<float>> values;
  std::vector<GuardedMatrix> full;  // the teachers' logits
  std::vector<float> teacher_weights;
  std::vector<float> teacher_temperatures;
  std::vector<int32_t> labels;
  std::vector<float> row_weights;

  Case(int64_t rows, int64_t classes, int64_t k, int64_t teacher_count, std::mt19937_64& random,
       float scale = 3, retort_dtype dtype = RETORT_F32, int64_t padding = 0)
      : student(dtype, rows, classes, classes + padding, padding), k(k), stride(k + padding) {
    options.loss.dtype = dtype;
    if (scale > 0) student.fill_normal(random, scale);
    for (int64_t t = 0; t < teacher_count; ++t) {
      full.emplace_back(rows, classes, classes);
      if (scale > 0) full.back().fill_normal(random, scale);
      indices.emplace_back(static_cast<size_t>(rows * stride), -99);
      values.emplace_back(static_cast<size_t>(rows * stride), kNaN);
      teacher_weights.push_back(0.25f + static_cast<float>(random() % 4));
    }
    for (int64_t i = 0; i < rows; ++i) {
      labels.push_back(static_cast<int32_t>(random() % static_cast<uint64_t>(classes)));
      row_weights.push_back(0.5f + static_cast<float>(random() % 3));
    }
  }

  int64_t rows() const { return student.rows; }
  int64_t classes() const { return student.classes; }
  int64_t teachers() const { return static_cast<int64_t>(full.size()); }
  size_t place(int64_t row, int64_t n) const { return static_cast<size_t>(row * stride + n); }

  // Lists k random classes of each row of each teacher, or its largest, with values of the form.
  void list(std::mt19937_64& random, bool largest = false) {
    for (size_t t = 0; t < full.size(); ++t) {
      for (int64_t i = 0; i < rows(); ++i) list_row(random, largest, t, i);
    }
  }

  void list_row(std::mt19937_64& random, bool largest, size_t t, int64_t i) {
    const auto form = static_cast<reference::Form>(options.loss.teacher_form);
    const reference::TopK all =
        reference::top_k(full[t].row(i), classes(), form, options.loss.temperature);
    std::vector<size_t> chosen(static_cast<size_t>(classes()));
    std::iota(chosen.begin(), chosen.end(), 0);
    if (!largest) std::shuffle(chosen.begin(), chosen.end(), random);
    chosen.resize(static_cast<size_t>(k));
    std::shuffle(chosen.begin(), chosen.end(), random);
    for (size_t n = 0; n < chosen.size(); ++n) {
      indices[t][place(i, static_cast<int64_t>(n))] = all.indices[chosen[n]];
      values[t][place(i, static_cast<int64_t>(n))] = static_cast<float>(all.values[chosen[n]]);
    }
  }

  retort_status run(void* gradient, int64_t gradient_stride, float* row_loss,
                    retort_distillation_totals* totals, const retort_executor* executor = nullptr) {
    std::vector<const int32_t*> index_pointers;
    std::vector<const float*> value_pointers;
    for (const auto& own : indices) index_pointers.push_back(own.data());
    for (const auto& own : values) value_pointers.push_back(own.data());
    options.loss.teacher_temperatures =
        teacher_temperatures.empty() ? nullptr : teacher_temperatures.data();
    return retort_sparse_distillation_loss(
        &options, rows(), classes(), student.data(), student.stride, index_pointers.data(),
        value_pointers.data(), static_cast<int64_t>(index_pointers.size()), stride, k,
        teacher_weights.empty() ? nullptr : teacher_weights.data(), labels.data(),
        row_weights.empty() ? nullptr : row_weights.data(), gradient, gradient_stride, row_loss,
        totals, executor);
  }

  TypedMatrix gradient() {
    TypedMatrix result(student.dtype, rows(), classes(), classes());
    EXPECT_EQ(run(result.data(), result.stride, nullptr, nullptr), RETORT_OK)
        << retort_last_error();
    return result;
  }

  reference::DistillationOptions meaning() const {
    reference::DistillationOptions meaning;
    meaning.mean = reference::Mean::kProbabilities;
    meaning.temperature = options.loss.temperature;
    meaning.alpha = options.loss.alpha;
    meaning.label_smoothing = options.loss.label_smoothing;
    meaning.scale_by_temperature_squared = options.loss.scale_by_temperature_squared != 0;
    meaning.soft_value = static_cast<reference::SoftValue>(options.loss.soft_value);
    meaning.teacher_form = static_cast<reference::Form>(options.loss.teacher_form);
    meaning.teacher_temperatures.assign(teacher_temperatures.begin(), teacher_temperatures.end());
    return meaning;
  }

  std::vector<reference::SparseTeacher> teacher_rows(int64_t row) const {
    std::vector<reference::SparseTeacher> result;
    for (size_t t = 0; t < full.size(); ++t) {
      const auto first = static_cast<ptrdiff_t>(place(row, 0));
      const auto end = first + static_cast<ptrdiff_t>(k);
      result.push_back({{indices[t].begin() + first, indices[t].begin() + end},
                        {values[t].begin() + first, values[t].begin() + end}});
    }
    return result;
  }

  reference::Row weights() const {
    return teacher_weights.empty() ? reference::Row(full.size(), 1.0)
                                   : reference::Row(teacher_weights.begin(), teacher_weights.end());
  }

  reference::DistillationLoss expected(int64_t row) const {
    return reference::sparse_distillation_loss(
        meaning(), static_cast<reference::Tail>(options.tail), student.row(row), teacher_rows(row),
        weights(), labels[static_cast<size_t>(row)]);
  }

  double weight(int64_t row) const {
    return row_weights.empty() ? 1.0 : row_weights[static_cast<size_t>(row)];
  }

  double denominator() const {
    if (options.loss.reduction != RETORT_REDUCTION_MEAN) return 1;
    if (options.loss.denominator > 0) return options.loss.denominator;
    double sum = 0;
    for (int64_t i = 0; i < rows(); ++i) {
      if (labels[static_cast<size_t>(i)] != options.loss.ignore_index) sum += weight(i);
    }
    return sum;
  }

  double soft_scale() const {
    const double temperature = options.loss.temperature;
    return options.loss.scale_by_temperature_squared ? temperature * temperature : 1.0;
  }

  // How far exponents lie apart at most.
  double range(int64_t row) const {
    double magnitude = largest_magnitude(student.row(row));
    for (const GuardedMatrix& teacher : full)
      magnitude = std::fmax(magnitude, largest_magnitude(teacher.row(row)));
    return 2 * magnitude / std::fmin(1.0, options.loss.temperature);
  }
  // Relative error of a probability: an exponent's rounding grows with its magnitude, a sum's with the
  // root of its length.
  double probability_error(int64_t row) const {
    return kEpsilon * (16 + 4 * range(row) + 4 * std::sqrt(static_cast<double>(classes())));
  }
  double logarithm(int64_t row) const {
    return 15 + std::log(static_cast<double>(classes())) + range(row);
  }
  double gradient_error(int64_t row) const {
    const double soft = options.loss.alpha * soft_scale() / options.loss.temperature;
    return (2 * soft + 2 * (1 - options.loss.alpha)) * probability_error(row) * weight(row) /
           denominator();
  }
  double loss_error(int64_t row) const {
    return (options.loss.alpha * soft_scale() * 4 + 2) * logarithm(row) * probability_error(row) *
           weight(row);
  }
};

void expect_matches_reference(Case& c, bool in_place = false) {
  const TypedMatrix untouched = c.student;
  std::vector<reference::DistillationLoss> expected;
  std::vector<double> gradient_error, loss_error;
  for (int64_t i = 0; i < c.rows(); ++i) {
    expected.push_back(c.expected(i));
    gradient_error.push_back(c.gradient_error(i));
    loss_error.push_back(c.loss_error(i));
  }
  TypedMatrix separate(c.student.dtype, c.rows(), c.classes(), c.classes() + 3, 1);
  TypedMatrix& gradient = in_place ? c.student : separate;
  std::vector<float> row_loss(static_cast<size_t>(c.rows()));
  retort_distillation_totals totals;
  ASSERT_EQ(c.run(gradient.data(), gradient.stride, row_loss.data(), &totals), RETORT_OK)
      << retort_last_error();
  double total = 0, total_error = 0;
  for (int64_t i = 0; i < c.rows(); ++i) {
    const auto row = static_cast<size_t>(i);
    const double weight = c.weight(i) / c.denominator();
    total += weight * expected[row].total;
    total_error += loss_error[row] / c.denominator();
    expect_close(row_loss[row], c.weight(i) * expected[row].total, loss_error[row], "row loss");
    for (int64_t j = 0; j < c.classes(); ++j) {
      const double meant = weight * expected[row].gradient[static_cast<size_t>(j)];
      expect_close(gradient.at(i, j), meant,
                   gradient_error[row] + gradient.rounding(std::fabs(meant)), "gradient");
    }
  }
  expect_close(totals.total, total, total_error, "total");
  EXPECT_TRUE(gradient.guards_hold());
  EXPECT_TRUE(in_place || c.student.same_bits(untouched)) << "the student's logits were written";
}

// body(a case of the tail) for every tail.
template <typename Body>
void for_every_tail(int64_t rows, int64_t classes, int64_t k, int64_t teachers, Body body) {
  for (const retort_tail tail : kTails) {
    SCOPED_TRACE(::testing::Message() << "tail " << tail);
    std::mt19937_64 random(4);
    Case c(rows, classes, k, teachers, random);
    c.options.tail = tail;
    c.options.loss.temperature = 2;
    c.list(random, true);
    body(c);
  }
}

TEST(SparseDistillationLoss, TheReferencesGradientIsThatOfItsLoss) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 60; ++trial) {
    SCOPED_TRACE(trial);
    Case c(1, 9, 1 + static_cast<int64_t>(random() % 6), 1 + static_cast<int64_t>(random() % 3),
           random, 1.5f);
    c.options.tail = kTails[trial % 4];
    c.options.loss.alpha = std::vector<float>{0.3f, 1}[random() % 2];
    c.options.loss.temperature = std::vector<float>{1, 2.5f}[random() % 2];
    c.options.loss.label_smoothing = 0.1f;
    c.list(random);
    if (random() % 3 == 0) c.indices[0][0] = -1;
    const reference::Row z = c.student.row(0);
    const reference::DistillationLoss loss = c.expected(0);
    const auto total = [&](size_t j, double step) {
      reference::Row moved = z;
      moved[j] += step;
      return reference::sparse_distillation_loss(c.meaning(),
                                                 static_cast<reference::Tail>(c.options.tail),
                                                 moved, c.teacher_rows(0), c.weights(), c.labels[0])
          .total;
    };
    for (size_t j = 0; j < z.size(); ++j) {
      const double h = 1e-5;
      EXPECT_NEAR(loss.gradient[j], (total(j, h) - total(j, -h)) / (2 * h), 1e-8);
    }
  }
}

TEST(SparseDistillationLoss, MatchesTheReferenceForRandomShapesTypesAndOptions) {
  std::mt19937_64 random(2);
  for (int trial = 0; trial < 600; ++trial) {
    SCOPED_TRACE(trial);
    const int64_t classes =
        pick(random, {1, 2, 3, 7, 8, 9, 16, 17, 33, 100, 129, 1000, 2048, 2049, 5000});
    const int64_t k = std::min(classes, pick(random, {1, 2, 5, 17, 64, 1000}));
    const int64_t teachers = k > 500 ? pick(random, {1, 2, 4}) : pick(random, {1, 2, 3, 5});
    Case c(pick(random, {1, 2, 3}), classes, k, teachers, random, 3, kDtypes[random() % 3],
           pick(random, {0, 1, 3}));
    c.options.tail = kTails[random() % 4];
    retort_distillation_loss_options& loss = c.options.loss;
    loss.teacher_form = random() % 2 ? RETORT_PROBABILITIES : RETORT_LOG_PROBABILITIES;
    if (c.options.tail == RETORT_TAIL_RENORMALIZED && random() % 2) {
      loss.teacher_form = RETORT_LOGITS;
      for (int64_t t = 0; t < teachers && random() % 4; ++t) c.teacher_temperatures.push_back(1.5f);
      if (static_cast<int64_t>(c.teacher_temperatures.size()) != teachers)
        c.teacher_temperatures.clear();
    }
    loss.soft_value = random() % 4 ? RETORT_KL_OF_MEAN : RETORT_CROSS_ENTROPY;
    loss.reduction = static_cast<retort_reduction>(random() % 3);
    loss.temperature = std::vector<float>{0.5f, 1, 2, 2.5f, 4, 20}[random() % 6];
    loss.alpha = std::vector<float>{0, 0.3f, 0.9f, 1}[random() % 4];
    loss.label_smoothing = std::vector<float>{0, 0.1f, 1}[random() % 3];
    loss.scale_by_temperature_squared = static_cast<int32_t>(random() % 2);
    loss.denominator = random() % 3 == 0 ? 7.5 : 0;
    c.list(random, random() % 2 == 0);
    if (random() % 3 == 0 && k > 1) c.indices[0][0] = -1;
    if (random() % 2) c.row_weights.clear();
    if (random() % 2) c.teacher_weights.clear();
    expect_matches_reference(c, random() % 2 == 0);
  }
}

TEST(SparseDistillationLoss, MatchesTheReferenceOnAVocabularyOfManyThousandClasses) {
  std::mt19937_64 random(3);
  for (const retort_tail tail : kTails) {
    for (const retort_dtype dtype : kDtypes) {
      for (const float temperature : {1.0f, 2.0f, 2.5f}) {
        SCOPED_TRACE(::testing::Message() << tail << ' ' << dtype << ' ' << temperature);
        Case c(2, 20001, 64, 2, random, 3, dtype);
        c.options.tail = tail;
        c.options.loss.temperature = temperature;
        c.options.loss.label_smoothing = 0.1f;
        c.list(random, true);
        c.labels = {3, 20000};
        expect_matches_reference(c, true);
      }
    }
  }
}

// More runs of columns than a row keeps the exponentials of.
TEST(SparseDistillationLoss, MatchesTheReferenceOnARowTooLongToKeep) {
  std::mt19937_64 random(4);
  Case c(1, 600001, 5, 1, random);
  c.list(random, true);
  expect_matches_reference(c);
}

TEST(SparseDistillationLoss, LogitsFarApartNeitherOverflowNorVanish) {
  std::mt19937_64 random(5);
  for (const float scale : {30.0f, 88.0f, 104.0f, 1e4f}) {
    for (const retort_tail tail : kTails) {
      for (const float temperature : {1.0f, 2.0f, 2.5f}) {
        SCOPED_TRACE(::testing::Message() << tail << ' ' << scale << ' ' << temperature);
        Case c(5, 3000, 7, 2, random, scale);
        c.options.tail = tail;
        c.options.loss.temperature = temperature;
        c.list(random);
        expect_matches_reference(c);
      }
    }
  }
}

// 1 - sum_S q is 0 in any precision, and its logarithm still has all its digits.
// exp(1000) does not exist in a double either.
TEST(SparseDistillationLoss, LargeLogitsStayOutOfAPartThatIsNotThere) {
  for (const float alpha : {0.0f, 1.0f}) {
    for_every_tail(2, 3000, 4, 2, [&](Case& c) {
      c.options.loss.alpha = alpha;
      c.student.set(0, 2999, 1000);
      c.student.set(1, 7, 1e4f);
      expect_matches_reference(c);
    });
  }
}

TEST(SparseDistillationLoss, AStudentsTailTooSmallToExistKeepsItsLogarithm) {
  for_every_tail(3, 50, 4, 1, [](Case& c) {
    for (int64_t i = 0; i < 3; ++i) {
      for (int64_t n = 0; n < 4; ++n)
        c.student.set(i, c.indices[0][c.place(i, n)], 1500.0f * static_cast<float>(i + 1));
    }
    expect_matches_reference(c);
    retort_distillation_totals totals;
    ASSERT_EQ(c.run(nullptr, 0, nullptr, &totals), RETORT_OK);
    EXPECT_TRUE(std::isfinite(totals.total));
  });
}

TEST(SparseDistillationLoss, AConstantAddedToTheStudentChangesNothingButRounding) {
  for_every_tail(3, 300, 8, 2, [](Case& c) {
    c.options.loss.label_smoothing = 0.1f;
    const TypedMatrix before = c.gradient();
    for (int64_t i = 0; i < 3; ++i) {
      for (int64_t j = 0; j < 300; ++j) c.student.set(i, j, c.student.at(i, j) + 500);
    }
    const TypedMatrix after = c.gradient();
    for (int64_t i = 0; i < 3; ++i) {
      for (int64_t j = 0; j < 300; ++j)
        EXPECT_NEAR(before.at(i, j), after.at(i, j), c.gradient_error(i));
    }
    expect_matches_reference(c);
  });
}

// The dense loss of the same teachers, with its totals.
void dense_loss(Case& c, GuardedMatrix& gradient, retort_distillation_totals* totals) {
  retort_distillation_loss_options options = c.options.loss;
  options.teacher_form = RETORT_LOGITS;
  std::vector<const void*> teachers;
  for (const GuardedMatrix& teacher : c.full) teachers.push_back(teacher.data());
  ASSERT_EQ(
      retort_distillation_loss(&options, c.rows(), c.classes(), c.student.data(), c.student.stride,
                               teachers.data(), c.teachers(), c.classes(), c.teacher_weights.data(),
                               c.labels.data(), c.row_weights.data(), gradient.data(),
                               gradient.stride, nullptr, totals, nullptr),
      RETORT_OK)
      << retort_last_error();
}

TEST(SparseDistillationLoss, TeachersThatListAllClassesGiveTheDenseLoss) {
  for (const int64_t teachers : {1, 3}) {
    for_every_tail(4, 40, 40, teachers, [](Case& c) {
      GuardedMatrix dense(4, 40, 40);
      retort_distillation_totals totals, expected;
      dense_loss(c, dense, &expected);
      TypedMatrix gradient(RETORT_F32, 4, 40, 40);
      ASSERT_EQ(c.run(gradient.data(), 40, nullptr, &totals), RETORT_OK);
      EXPECT_NEAR(totals.total, expected.total, c.loss_error(0));
      for (int64_t i = 0; i < 4; ++i) {
        for (int64_t j = 0; j < 40; ++j)
          EXPECT_NEAR(gradient.at(i, j), dense.at(i, j), 2 * c.gradient_error(i));
      }
    });
  }
}

// As it is exported: the student's own largest classes.
TEST(SparseDistillationLoss, AStudentThatIsItsTeacherHasNoLossAndNoGradient) {
  for_every_tail(3, 3000, 16, 1, [](Case& c) {
    // One is no divergence; the other makes even what the teacher did not.
    if (c.options.tail == RETORT_TAIL_TRUNCATED || c.options.tail == RETORT_TAIL_UNIFORM) return;
    c.options.loss.alpha = 1;
    c.row_weights.clear();
    ASSERT_EQ(
        retort_top_k(RETORT_F32, 3, 3000, c.student.data(), 3000, 16, c.options.loss.teacher_form,
                     2, c.indices[0].data(), 16, c.values[0].data(), 16, nullptr),
        RETORT_OK);
    TypedMatrix gradient(RETORT_F32, 3, 3000, 3000);
    std::vector<float> row_loss(3);
    ASSERT_EQ(c.run(gradient.data(), 3000, row_loss.data(), nullptr), RETORT_OK);
    for (int64_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(row_loss[static_cast<size_t>(i)], 0, c.loss_error(i));
      EXPECT_LT(largest_magnitude(gradient.row(i)), c.gradient_error(i));
    }
  });
}

TEST(SparseDistillationLoss, EveryGradientRowSumsToZero) {
  for (const int64_t teachers : {1, 3}) {
    for_every_tail(8, 1000, 20, teachers, [](Case& c) {
      c.options.loss.label_smoothing = 0.1f;
      const TypedMatrix gradient = c.gradient();
      for (int64_t i = 0; i < 8; ++i) {
        const reference::Row row = gradient.row(i);
        EXPECT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 0, 4 * c.gradient_error(i));
      }
    });
  }
}

TEST(SparseDistillationLoss, TheTailBinsKlIsNotNegativeAndAtMostThatOfTheWholeRows) {
  std::mt19937_64 random(6);
  for (const int64_t k : {1, 5, 50}) {
    for (const bool largest : {false, true}) {
      Case c(20, 200, k, 1, random);
      c.options.loss.alpha = 1;
      c.options.loss.reduction = RETORT_REDUCTION_SUM;
      c.list(random, largest);
      retort_distillation_totals totals, whole;
      GuardedMatrix unused(20, 200, 200);
      dense_loss(c, unused, &whole);
      ASSERT_EQ(c.run(nullptr, 0, nullptr, &totals), RETORT_OK);
      EXPECT_GE(totals.soft, -20 * c.loss_error(0));
      EXPECT_LE(totals.soft, whole.soft + 20 * c.loss_error(0));
      EXPECT_LT(totals.soft, 0.999 * whole.soft) << "a bound of this case is strict";
    }
  }
}

TEST(SparseDistillationLoss, TheTruncatedSumMayBeNegative) {
  std::mt19937_64 random(7);
  Case c(1, 50, 2, 1, random);
  c.options.tail = RETORT_TAIL_TRUNCATED;
  c.options.loss.alpha = 1;
  c.list(random);
  // The student gives the listed classes more than the teacher does.
  for (int64_t n = 0; n < 2; ++n) c.student.set(0, c.indices[0][c.place(0, n)], 12);
  retort_distillation_totals totals;
  ASSERT_EQ(c.run(nullptr, 0, nullptr, &totals), RETORT_OK);
  EXPECT_LT(totals.soft, 0);
  expect_matches_reference(c);
}

TEST(SparseDistillationLoss, RenormalizedReadsAndMovesOnlyWhatTheTeacherLists) {
  std::mt19937_64 random(8);
  Case c(2, 5000, 6, 1, random);
  c.options.tail = RETORT_TAIL_RENORMALIZED;
  c.options.loss.alpha = 1;
  c.list(random);
  const TypedMatrix before = c.gradient();
  std::vector<bool> listed(10000);
  for (int64_t i = 0; i < 2; ++i) {
    for (int64_t n = 0; n < 6; ++n)
      listed[static_cast<size_t>(i * 5000 + c.indices[0][c.place(i, n)])] = true;
  }
  for (int64_t i = 0; i < 2; ++i) {
    for (int64_t j = 0; j < 5000; ++j) {
      if (listed[static_cast<size_t>(i * 5000 + j)]) {
        EXPECT_NE(before.at(i, j), 0);
      } else {
        EXPECT_EQ(before.at(i, j), 0);
        c.student.set(i, j, kNaN);
      }
    }
  }
  EXPECT_TRUE(c.gradient().same_bits(before));
}

TEST(SparseDistillationLoss, TheOrderOfTheEntriesDoesNotMatter) {
  for_every_tail(3, 100, 12, 2, [](Case& c) {
    const TypedMatrix before = c.gradient();
    for (size_t t = 0; t < 2; ++t) {
      std::reverse(c.indices[t].begin(), c.indices[t].begin() + 12);
      std::reverse(c.values[t].begin(), c.values[t].begin() + 12);
    }
    const TypedMatrix after = c.gradient();
    for (int64_t j = 0; j < 100; ++j)
      EXPECT_NEAR(after.at(0, j), before.at(0, j), c.gradient_error(0));
  });
}

TEST(SparseDistillationLoss, ATeacherThatListsNothingIsAllTailOrHasNoDistribution) {
  for (const int64_t teachers : {1, 2}) {
    for_every_tail(2, 30, 4, teachers, [](Case& c) {
      for (int64_t n = 0; n < 4; ++n) c.indices[0][c.place(1, n)] = -1;
      expect_matches_reference(c);
      std::vector<float> row_loss(2);
      ASSERT_EQ(c.run(nullptr, 0, row_loss.data(), nullptr), RETORT_OK);
      EXPECT_TRUE(std::isfinite(row_loss[0]));
      EXPECT_EQ(std::isnan(row_loss[1]), c.options.tail == RETORT_TAIL_RENORMALIZED);
    });
  }
}

TEST(SparseDistillationLoss, TeachersWhoTogetherListAllClassesLeaveNoTail) {
  for_every_tail(2, 8, 4, 2, [](Case& c) {
    for (int64_t i = 0; i < 2; ++i) {
      for (int32_t n = 0; n < 4; ++n) {
        c.indices[0][c.place(i, n)] = n;
        c.indices[1][c.place(i, n)] = 4 + n;
        c.values[0][c.place(i, n)] = c.values[1][c.place(i, n)] = std::log(0.2f);
      }
    }
    expect_matches_reference(c);
  });
}

TEST(SparseDistillationLoss, AUniformTailLeavesWhatEveryTeacherListsAsItIs) {
  std::mt19937_64 random(21);
  for (const float listed : {0.0f, 4e-27f}) {
    SCOPED_TRACE(listed);
    Case c(1, 14, 2, 2, random);
    c.options.tail = RETORT_TAIL_UNIFORM;
    c.options.loss.teacher_form = RETORT_PROBABILITIES;
    c.options.loss.mean = RETORT_MEAN_OF_PROBABILITIES;
    c.options.loss.alpha = 1;
    c.teacher_weights.clear();
    // The student masks class 3, of which its teachers leave the even share of others beside nothing, or next to it.
    c.student.set(0, 3, -kInfinity);
    c.indices = {{3, 5}, {3, 7}};
    c.values = {{listed, 0.3f}, {listed, 0.2f}};
    float loss = kNaN;
    ASSERT_EQ(c.run(nullptr, 0, &loss, nullptr), RETORT_OK) << retort_last_error();
    EXPECT_EQ(std::isfinite(loss), listed == 0);
  }
}

TEST(SparseDistillationLoss, ValuesThatAddUpToMoreThanOneAreDividedByTheirSum) {
  for_every_tail(1, 20, 4, 1, [](Case& c) {
    c.options.loss.teacher_form = RETORT_PROBABILITIES;
    const float values[] = {0.5f, 0.9f, 0, 0.1f};
    std::copy(values, values + 4, c.values[0].begin());
    expect_matches_reference(c);
  });
}

TEST(SparseDistillationLoss, ValuesOfNoDistributionMakeTheRowNaNWhateverIsListed) {
  for (const float value : {kNaN, kInfinity, 1e30f}) {
    for (const int64_t k : {4, 20}) {
      for_every_tail(2, 20, k, 1, [&](Case& c) {
        if (value == 1e30f && c.options.tail == RETORT_TAIL_RENORMALIZED) return;
        c.values[0][c.place(1, 1)] = value;
        expect_matches_reference(c);
        std::vector<float> row_loss(2);
        ASSERT_EQ(c.run(nullptr, 0, row_loss.data(), nullptr), RETORT_OK);
        EXPECT_TRUE(std::isfinite(row_loss[0]));
        EXPECT_TRUE(std::isnan(row_loss[1])) << value;
      });
    }
  }
}

TEST(SparseDistillationLoss, AStudentMaskedThroughoutIsNaNThroughout) {
  for (const float alpha : {0.0f, 0.5f, 1.0f}) {
    for_every_tail(2, 20, 4, 1, [&](Case& c) {
      c.options.loss.alpha = alpha;
      for (int64_t j = 0; j < 20; ++j) c.student.set(1, j, -kInfinity);
      expect_matches_reference(c);
      const TypedMatrix gradient = c.gradient();
      EXPECT_TRUE(std::isnan(gradient.at(1, c.indices[0][c.place(1, 0)])));
    });
  }
}

TEST(SparseDistillationLoss, MaskedClassesAreThoseOfTheReferenceAndTheGradientIsFinite) {
  for_every_tail(8, 20, 4, 1, [](Case& c) {
    std::vector<int32_t>& indices = c.indices[0];
    for (int64_t i = 0; i < 8; ++i) {
      for (int32_t n = 0; n < 4; ++n) {
        indices[c.place(i, n)] = 3 * n;
        c.values[0][c.place(i, n)] = std::log(0.2f);
      }
    }
    c.labels = {3, 3, 3, 3, 4, 4, 4, 4};
    c.student.set(0, 3, -kInfinity);          // listed, the label
    c.student.set(1, 6, -kInfinity);          // listed, another
    c.student.set(2, 7, -kInfinity);          // not listed
    c.values[0][c.place(3, 1)] = -kInfinity;  // by the teacher alone
    c.values[0][c.place(4, 1)] = -kInfinity;  // by both
    c.student.set(4, 3, -kInfinity);
    c.student.set(5, 4, -kInfinity);  // the label, not listed
    for (int64_t j = 0; j < 20; ++j) {
      if (j % 3 != 0 || j > 9) c.student.set(6, j, -kInfinity);   // all that is not listed
      if (j % 3 == 0 && j < 10) c.student.set(7, j, -kInfinity);  // all that is
    }
    std::vector<float> row_loss(8);
    TypedMatrix gradient(RETORT_F32, 8, 20, 20);
    ASSERT_EQ(c.run(gradient.data(), 20, row_loss.data(), nullptr), RETORT_OK);
    for (int64_t i = 0; i < 8; ++i) {
      const reference::DistillationLoss expected = c.expected(i);
      expect_close(row_loss[static_cast<size_t>(i)], c.weight(i) * expected.total, c.loss_error(i),
                   "row loss");
      const bool lost = i == 7 && c.options.tail == RETORT_TAIL_RENORMALIZED;
      for (int64_t j = 0; j < 20; ++j) {
        EXPECT_EQ(std::isfinite(gradient.at(i, j)), !lost || j % 3 != 0 || j > 9) << i << ' ' << j;
        expect_close(gradient.at(i, j),
                     expected.gradient[static_cast<size_t>(j)] * c.weight(i) / c.denominator(),
                     c.gradient_error(i), "gradient");
      }
    }
  });
}

TEST(SparseDistillationLoss, ANaNStaysInItsRow) {
  enum Where { kListed, kNotListed, kTeacher, kNegative };
  for (const Where where : {kListed, kNotListed, kTeacher, kNegative}) {
    for_every_tail(3, 5000, 4, 2, [&](Case& c) {
      if (where == kNotListed && c.options.tail == RETORT_TAIL_RENORMALIZED) return;
      c.options.loss.alpha = 1;
      if (where == kNegative) c.options.loss.teacher_form = RETORT_PROBABILITIES;
      if (where == kNegative) {
        for (auto& own : c.values) {
          for (float& value : own) value = std::exp(value);
        }
      }
      Case clean = c;
      const int32_t listed = c.indices[0][c.place(1, 2)];
      int32_t other = 0;
      for (const int32_t* own = c.indices[0].data(); std::find(own + 4, own + 8, other) != own + 8;)
        ++other;
      if (where == kListed) c.student.set(1, listed, kNaN);
      if (where == kNotListed) c.student.set(1, other, kNaN);
      if (where == kTeacher) c.values[1][c.place(1, 0)] = kNaN;
      if (where == kNegative) c.values[1][c.place(1, 0)] = -0.25f;
      TypedMatrix a(RETORT_F32, 3, 5000, 5000), b = a;
      std::vector<float> row_loss(3);
      ASSERT_EQ(c.run(a.data(), 5000, row_loss.data(), nullptr), RETORT_OK);
      ASSERT_EQ(clean.run(b.data(), 5000, nullptr, nullptr), RETORT_OK);
      EXPECT_TRUE(std::isnan(row_loss[1])) << where;
      for (int64_t j = 0; j < 5000; ++j) {
        EXPECT_EQ(a.at(0, j), b.at(0, j));
        EXPECT_EQ(a.at(2, j), b.at(2, j));
        EXPECT_TRUE(c.options.tail == RETORT_TAIL_RENORMALIZED || std::isnan(a.at(1, j))) << where;
      }
      EXPECT_TRUE(std::isnan(a.at(1, listed))) << where;
    });
  }
}

TEST(SparseDistillationLoss, AnIgnoredRowIsNeitherReadNorCheckedAndGetsAZeroGradient) {
  for_every_tail(5, 12, 3, 2, [](Case& c) {
    c.labels[1] = -100;
    c.row_weights[3] = 0;
    c.student.set(1, 0, kNaN);
    for (int64_t n = 0; n < 3; ++n) c.indices[1][c.place(1, n)] = 1 << 30;
    c.indices[0][c.place(3, 0)] = c.indices[0][c.place(3, 1)];
    TypedMatrix gradient(RETORT_F32, 5, 12, 12);
    std::vector<float> row_loss(5, 7);
    retort_distillation_totals totals;
    ASSERT_EQ(c.run(gradient.data(), 12, row_loss.data(), &totals), RETORT_OK)
        << retort_last_error();
    EXPECT_EQ(totals.counted_rows, 4);
    EXPECT_TRUE(std::isfinite(totals.total));
    for (int64_t j = 0; j < 12; ++j) {
      EXPECT_EQ(gradient.at(1, j), 0);
      EXPECT_EQ(gradient.at(3, j), 0);
    }
    EXPECT_EQ(row_loss[1], 0);
    EXPECT_EQ(row_loss[3], 0);
  });
}

TEST(SparseDistillationLoss, ATeacherOfWeightZeroIsNotRead) {
  for_every_tail(2, 30, 3, 2, [](Case& c) {
    c.teacher_weights = {0, 2};
    c.indices[0].assign(c.indices[0].size(), 1 << 30);
    const TypedMatrix both = c.gradient();
    c.indices.erase(c.indices.begin());
    c.values.erase(c.values.begin());
    c.teacher_weights = {5};
    EXPECT_TRUE(c.gradient().same_bits(both));
  });
}

TEST(SparseDistillationLoss, ABatchWithNothingToCountIsZeroAndNoError) {
  std::mt19937_64 random(9);
  Case c(2, 4, 2, 1, random);
  c.list(random);
  c.labels.assign(2, -100);
  retort_distillation_totals totals;
  const TypedMatrix gradient = c.gradient();
  ASSERT_EQ(c.run(nullptr, 0, nullptr, &totals), RETORT_OK);
  EXPECT_EQ(totals.total, 0);
  EXPECT_EQ(gradient.at(1, 3), 0);
  Case empty(0, 4, 2, 1, random);
  ASSERT_EQ(empty.run(nullptr, 0, nullptr, &totals), RETORT_OK) << retort_last_error();
  EXPECT_EQ(totals.counted_rows, 0);
}

TEST(SparseDistillationLoss, WithoutASoftPartNoTeacherIsNeeded) {
  std::mt19937_64 random(10);
  Case c(3, 4000, 2, 0, random);
  c.options.loss.alpha = 0;
  c.options.loss.label_smoothing = 0.2f;
  expect_matches_reference(c);
  TypedMatrix gradient(RETORT_F32, 3, 4000, 4000);
  EXPECT_EQ(retort_sparse_distillation_loss(&c.options, 3, 4000, c.student.data(), 4000, nullptr,
                                            nullptr, 0, 0, 0, nullptr, c.labels.data(), nullptr,
                                            gradient.data(), 4000, nullptr, nullptr, nullptr),
            RETORT_OK);
}

TEST(SparseDistillationLoss, TheSameBitsForAnyNumberOfThreadsAndInPlace) {
  for_every_tail(700, 97, 9, 3, [](Case& c) {
    const TypedMatrix alone = c.gradient();
    retort_distillation_totals first, again;
    ASSERT_EQ(c.run(nullptr, 0, nullptr, &first), RETORT_OK);
    for (const int32_t threads : {1, 2, 7}) {
      const Pool pool = make_pool(threads);
      TypedMatrix gradient(RETORT_F32, 700, 97, 97);
      ASSERT_EQ(
          c.run(gradient.data(), 97, nullptr, &again, retort_thread_pool_executor(pool.get())),
          RETORT_OK);
      EXPECT_TRUE(gradient.same_bits(alone));
      EXPECT_EQ(std::memcmp(&first.total, &again.total, sizeof first.total), 0);
    }
    ASSERT_EQ(c.run(c.student.data(), 97, nullptr, nullptr), RETORT_OK);
    EXPECT_TRUE(c.student.same_bits(alone));
  });
}

void expect_refused(Case& c, const char* argument, const char* value) {
  TypedMatrix gradient(RETORT_F32, 2, 8, 8);
  const TypedMatrix untouched = gradient;
  std::vector<float> row_loss(2, 3);
  float* const losses =
      c.options.loss.reduction == RETORT_REDUCTION_NONE ? nullptr : row_loss.data();
  EXPECT_EQ(c.run(gradient.data(), 8, losses, nullptr), RETORT_INVALID_ARGUMENT) << argument;
  EXPECT_NE(std::strstr(retort_last_error(), argument), nullptr) << retort_last_error();
  EXPECT_NE(std::strstr(retort_last_error(), value), nullptr) << retort_last_error();
  EXPECT_TRUE(gradient.same_bits(untouched)) << "something was written before the check";
  EXPECT_EQ(row_loss[0], 3);
}

TEST(SparseDistillationLoss, ABadArgumentIsNamedWithItsValueAndNothingIsWritten) {
  std::mt19937_64 random(11);
  Case good(2, 8, 3, 2, random);
  good.list(random);
  const auto refuse = [&](auto change, const char* argument, const char* value) {
    Case bad = good;
    change(bad);
    expect_refused(bad, argument, value);
  };
  refuse([](Case& c) { c.options.loss.temperature = 0; }, "temperature", "0");
  refuse([](Case& c) { c.options.loss.alpha = kNaN; }, "alpha", "nan");
  refuse([](Case& c) { c.options.loss.label_smoothing = 2; }, "label_smoothing", "2");
  refuse([](Case& c) { c.options.loss.dtype = static_cast<retort_dtype>(3); }, "dtype", "3");
  refuse([](Case& c) { c.options.loss.reduction = RETORT_REDUCTION_NONE; }, "row_loss", "NONE");
  refuse([](Case& c) { c.options.tail = static_cast<retort_tail>(4); }, "tail", "4");
  refuse([](Case& c) { c.options.loss.divergence = RETORT_JENSEN_SHANNON; }, "divergence",
         "RETORT_JENSEN_SHANNON");
  refuse([](Case& c) { c.options.loss.divergence = RETORT_DECOUPLED; }, "divergence",
         "RETORT_DECOUPLED");
  refuse([](Case& c) { c.options.loss.soft_value = RETORT_MEAN_OF_KL; }, "soft_value",
         "RETORT_MEAN_OF_KL");
  refuse([](Case& c) { c.options.loss.standardize_logits = 1; }, "standardize_logits", "1");
  refuse([](Case& c) { c.options.loss.mean = RETORT_MEAN_OF_LOGITS; }, "mean",
         "RETORT_MEAN_OF_LOGITS");
  refuse([](Case& c) { c.options.loss.teacher_form = RETORT_LOGITS; }, "teacher_form",
         "RETORT_TAIL_RENORMALIZED");
  refuse([](Case& c) { c.teacher_temperatures = {1, 2}; }, "teacher_temperatures", "2");
  refuse(
      [](Case& c) {
        c.options.loss.teacher_form = RETORT_LOGITS;
        c.options.tail = RETORT_TAIL_RENORMALIZED;
        c.teacher_temperatures = {1, -2};
      },
      "teacher_temperatures", "-2");
  refuse([](Case& c) { c.k = 0; }, "k", "0");
  refuse([](Case& c) { c.k = 1025; }, "k", "1025");
  refuse([](Case& c) { c.stride = 2; }, "stride", "2");
  refuse([](Case& c) { c.teacher_weights[1] = -1; }, "weight 1", "-1");
  refuse([](Case& c) { c.indices.clear(), c.values.clear(); }, "teacher", "null");
  refuse([](Case& c) { c.student.classes = INT64_C(1) << 31; }, "student stride", "2147483648");
  refuse([](Case& c) { c.student.classes = c.student.stride = INT64_C(1) << 31; }, "classes",
         "2147483648");
  refuse([](Case& c) { c.student.stride = 7; }, "student stride", "7");
  refuse([](Case& c) { c.labels[1] = 8; }, "labels[1]", "8");
  refuse([](Case& c) { c.row_weights[1] = -3; }, "row_weights[1]", "-3");
  refuse([](Case& c) { c.indices[1][c.place(1, 2)] = 8; }, "teacher_indices[1] row 1 position 2",
         "got 8");
  refuse([](Case& c) { c.indices[0][c.place(0, 1)] = -2; }, "teacher_indices[0] row 0 position 1",
         "got -2");
  refuse([](Case& c) { c.indices[1][c.place(1, 2)] = c.indices[1][c.place(1, 0)]; },
         "teacher_indices[1] row 1 position 2 repeats class",
         std::to_string(good.indices[1][good.place(1, 0)]).c_str());
}

TEST(SparseDistillationLoss, MoreEntriesInARowThanThereIsRoomForAreRefused) {
  std::mt19937_64 random(12);
  Case c(1, 1100, 1024, 5, random);
  c.list(random);
  EXPECT_EQ(c.run(nullptr, 0, nullptr, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "teacher count times k must be at most 4096, got 5 times 1024");
  c.teacher_weights[3] = 0;
  expect_matches_reference(c);
}

// Classes that share a bit of the check's set are no repetition; one class twice is, wherever.
TEST(SparseDistillationLoss, ARepeatedClassIsFoundAmongManyAndTheFirstRowIsToldForAnyThreads) {
  std::mt19937_64 random(13);
  Case c(300, 34000, 64, 1, random, 0);
  c.options.loss.alpha = 1;
  for (int64_t i = 0; i < 300; ++i) {
    for (int32_t n = 0; n < 64; ++n) {
      c.indices[0][c.place(i, n)] = n % 2 * (1 << 15) + n / 2 * 5 + static_cast<int32_t>(i);
      c.values[0][c.place(i, n)] = -5;
    }
  }
  c.options.tail = RETORT_TAIL_RENORMALIZED;
  ASSERT_EQ(c.run(nullptr, 0, nullptr, nullptr), RETORT_OK) << retort_last_error();
  for (const int64_t row : {299, 280, 42})
    c.indices[0][c.place(row, 63)] = c.indices[0][c.place(row, 1)];
  const Pool pool = make_pool(3);
  ASSERT_EQ(c.run(nullptr, 0, nullptr, nullptr, retort_thread_pool_executor(pool.get())),
            RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "teacher_indices[0] row 42 position 63 repeats class 32810");
}

TEST(SparseDistillationLoss, AnOutputOverATeacherOrHalfOverTheStudentIsRefused) {
  std::mt19937_64 random(14);
  Case c(2, 8, 8, 1, random);
  c.list(random);
  EXPECT_EQ(c.run(c.values[0].data(), 8, nullptr, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "gradient must not overlap teacher");
  EXPECT_EQ(c.run(c.indices[0].data(), 8, nullptr, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "gradient must not overlap teacher_indices");
  EXPECT_EQ(c.run(static_cast<char*>(c.student.data()) + 16, 8, nullptr, nullptr),
            RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "gradient must not overlap student");
  auto* const row_loss = reinterpret_cast<float*>(c.indices[0].data() + 3);
  EXPECT_EQ(c.run(nullptr, 0, row_loss, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_STREQ(retort_last_error(), "row_loss must not overlap teacher_indices");
}

}  // namespace
}  // namespace retort::testing
