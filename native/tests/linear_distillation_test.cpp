#include "reference/linear_distillation.h"

#include <functional>
#include <optional>

#include "distillation_case.h"
#include "network_testing.h"
#include "retort/linear_distillation.h"

namespace retort::testing {
namespace {

using reference::Row;

constexpr int64_t kEverything = int64_t{1} << 40;

Row dense(const GuardedMatrix& matrix) {
  Row all;
  for (int64_t i = 0; i < matrix.rows; ++i) {
    for (const double x : matrix.row(i)) all.push_back(x);
  }
  return all;
}

struct Layer {
  GuardedMatrix hidden;
  GuardedMatrix weights;
  std::optional<Floats> bias;

  // Logits of about `scale`.
  Layer(int64_t rows, int64_t classes, int64_t hidden_size, std::mt19937_64& random, float scale)
      : hidden(rows, hidden_size, hidden_size + pick(random, {0, 3}), pick(random, {0, 1})),
        weights(classes, hidden_size, hidden_size + pick(random, {0, 2}), pick(random, {0, 1})) {
    hidden.fill_normal(random, 1);
    weights.fill_normal(random, scale / std::sqrt(static_cast<float>(hidden_size)));
    if (random() % 2) bias = Floats::normal(random, classes, scale / 2);
  }

  retort_linear_layer argument() const {
    return {hidden.classes, hidden.data(),  hidden.stride,
            weights.data(), weights.stride, bias ? bias->data() : nullptr};
  }

  reference::LinearLayer meaning() const {
    return {static_cast<size_t>(hidden.classes), dense(hidden), dense(weights),
            bias ? bias->values() : Row(static_cast<size_t>(weights.rows), 0.0)};
  }

  // How far the f32 logits of a row may be from exact ones.
  double error(int64_t row) const {
    double largest = 0;
    for (int64_t j = 0; j < weights.rows; ++j) {
      double sum = bias && std::isfinite((*bias)[j]) ? std::fabs((*bias)[j]) : 0;
      sum += inner_product_of_magnitudes(hidden.row(row), weights.row(j));
      largest = std::fmax(largest, sum);
    }
    return kEpsilon * (static_cast<double>(hidden.classes) + 4) * largest;
  }
};

// What a call writes, between guards; the gradients start as NaN.
struct Outputs {
  GuardedMatrix hidden;
  GuardedMatrix weights;
  Floats bias;
  Floats row_loss;
  retort_distillation_totals totals{};

  Outputs(int64_t rows, int64_t classes, int64_t hidden_size)
      : hidden(rows, hidden_size, hidden_size + 3, 1),
        weights(classes, hidden_size, hidden_size + 2, 1),
        bias(classes),
        row_loss(rows) {
    hidden.fill_normal(random_, kNaN);
    weights.fill_normal(random_, kNaN);
    bias.fill_normal(random_, kNaN);
  }

  retort_linear_gradient gradient() {
    return {hidden.data(), hidden.stride, weights.data(), weights.stride, bias.data()};
  }

  bool guards_hold() const {
    return hidden.guards_hold() && weights.guards_hold() && bias.guards_hold() &&
           row_loss.guards_hold();
  }

 private:
  std::mt19937_64 random_;
};

// One random call.
struct LinearCase {
  Case loss;  // the options and everything but the logits
  Layer student;
  std::vector<Layer> teachers;
  int64_t budget = kEverything;
  retort_sgemm sgemm = plain_sgemm;

  LinearCase(int64_t rows, int64_t classes, int64_t teacher_count, std::mt19937_64& random,
             float scale = 3)
      : loss(rows, classes, teacher_count, random),
        student(rows, classes, pick(random, {1, 5, 16, 33}), random, scale) {
    for (int64_t k = 0; k < teacher_count; ++k)
      teachers.emplace_back(rows, classes, pick(random, {1, 7, 16, 40}), random, scale);
  }

  int64_t rows() const { return student.hidden.rows; }
  int64_t classes() const { return student.weights.rows; }
  int64_t count() const { return static_cast<int64_t>(teachers.size()); }
  Outputs outputs() const { return {rows(), classes(), student.hidden.classes}; }

  int64_t workspace(int64_t bytes) {
    return retort_linear_distillation_workspace(&loss.options, rows(), classes(), count(), bytes);
  }
  // Bytes of a row of logits in every matrix that the call needs; `matrices` counts the teachers'.
  int64_t row_bytes(int64_t matrices) const { return 4 * classes() * (1 + matrices); }

  retort_status run(const retort_linear_gradient* gradient, float* row_loss,
                    retort_distillation_totals* totals, const retort_executor* executor = nullptr) {
    loss.options.teacher_temperatures =
        loss.teacher_temperatures.empty() ? nullptr : loss.teacher_temperatures.data();
    const int64_t bytes = workspace(budget);
    EXPECT_LE(bytes, budget);
    Floats scratch(std::max<int64_t>(bytes, 0) / 4);
    const retort_linear_layer layer = student.argument();
    std::vector<retort_linear_layer> layers;
    for (const Layer& teacher : teachers) layers.push_back(teacher.argument());
    const retort_status status = retort_linear_distillation(
        &loss.options, rows(), classes(), &layer, layers.data(), count(),
        loss.teacher_weight_data(), loss.label_data(), loss.row_weight_data(), gradient, row_loss,
        totals, budget, scratch.data(), sgemm, executor);
    EXPECT_TRUE(scratch.guards_hold());
    return status;
  }

  Outputs run(const retort_executor* executor = nullptr) {
    Outputs out = outputs();
    const retort_linear_gradient gradient = out.gradient();
    EXPECT_EQ(run(&gradient, out.row_loss.data(), &out.totals, executor), RETORT_OK)
        << retort_last_error();
    return out;
  }

  double weight(int64_t row) const {
    return loss.labels[static_cast<size_t>(row)] == loss.options.ignore_index ? 0
                                                                              : loss.weight(row);
  }

  reference::LinearDistillation expected() const {
    Row weights;
    for (int64_t i = 0; i < rows(); ++i) weights.push_back(weight(i));
    return reference::linear_distillation(
        loss.meaning(), student.meaning(), teacher_meanings(), loss.weights(),
        std::vector<int64_t>(loss.labels.begin(), loss.labels.end()), weights, loss.denominator());
  }

  std::vector<reference::LinearLayer> teacher_meanings() const {
    std::vector<reference::LinearLayer> meanings;
    for (const Layer& teacher : teachers) meanings.push_back(teacher.meaning());
    return meanings;
  }

  // The gradient on a row's logits, times its weight and over the denominator.
  Row logits_gradient(int64_t row) const {
    Row gradient(static_cast<size_t>(classes()), 0.0);
    if (weight(row) == 0) return gradient;
    std::vector<Row> seen;
    for (const reference::LinearLayer& teacher : teacher_meanings())
      seen.push_back(linear_logits(teacher, static_cast<size_t>(row)));
    gradient = reference::distillation_loss(
                   loss.meaning(), linear_logits(student.meaning(), static_cast<size_t>(row)), seen,
                   loss.weights(), loss.labels[static_cast<size_t>(row)])
                   .gradient;
    for (double& g : gradient) g *= weight(row) / loss.denominator();
    return gradient;
  }

  // The loss of the same logits, with their error: it knows how exact its results are.
  Case tolerances() const {
    Case c = loss;
    const auto copy = [&](const Layer& layer, double scale, GuardedMatrix& logits) {
      const reference::LinearLayer meaning = layer.meaning();
      for (int64_t i = 0; i < rows(); ++i) {
        if (weight(i) == 0) continue;
        const Row row = linear_logits(meaning, static_cast<size_t>(i));
        for (int64_t j = 0; j < classes(); ++j)
          logits.at(i, j) = static_cast<float>(row[static_cast<size_t>(j)]);
        c.logit_error = std::fmax(c.logit_error, scale * layer.error(i));
      }
    };
    copy(student, 1, c.student);
    for (size_t k = 0; k < teachers.size(); ++k) {
      const bool own = !loss.teacher_temperatures.empty();
      const double scale = own ? loss.options.temperature / loss.teacher_temperatures[k] : 1;
      copy(teachers[k], std::fmax(1, scale), c.teachers[k]);
    }
    return c;
  }
};

void expect_matches_reference(LinearCase& c) {
  const Outputs actual = c.run();
  const reference::LinearDistillation expected = c.expected();
  const Case tolerances = c.tolerances();
  const Layer& student = c.student;
  const int64_t rows = c.rows(), classes = c.classes(), width = student.hidden.classes;
  const auto sum_error = [](int64_t terms, double slope) {
    return kEpsilon * (static_cast<double>(terms) + 4) * std::fabs(slope);
  };
  Row hidden_bound(expected.hidden_gradient.size(), 0.0);
  Row weights_bound(expected.weights_gradient.size(), 0.0);
  Row bias_bound(expected.bias_gradient.size(), 0.0);
  double total_bound = 0;
  for (int64_t i = 0; i < rows; ++i) {
    if (c.weight(i) == 0) {
      EXPECT_EQ(actual.row_loss[i], 0);
      continue;
    }
    const double loss_error = tolerances.loss_error(i), slope_error = tolerances.gradient_error(i);
    total_bound += loss_error / c.loss.denominator();
    expect_close(actual.row_loss[i], expected.row_loss[static_cast<size_t>(i)], loss_error,
                 "row loss");
    const Row slopes = c.logits_gradient(i);
    for (int64_t j = 0; j < classes; ++j) {
      const double slope = slopes[static_cast<size_t>(j)];
      const double over_rows = slope_error + sum_error(rows, slope);
      const double over_classes = slope_error + sum_error(classes, slope);
      bias_bound[static_cast<size_t>(j)] += over_rows;
      for (int64_t h = 0; h < width; ++h) {
        hidden_bound[static_cast<size_t>(i * width + h)] +=
            over_classes * std::fabs(student.weights.at(j, h));
        weights_bound[static_cast<size_t>(j * width + h)] +=
            over_rows * std::fabs(student.hidden.at(i, h));
      }
    }
  }
  const auto expect_all_close = [](const Row& a, const Row& e, const Row& bound, const char* what) {
    ASSERT_EQ(a.size(), e.size());
    for (size_t i = 0; i < a.size(); ++i) expect_close(a[i], e[i], bound[i], what);
  };
  expect_all_close(dense(actual.hidden), expected.hidden_gradient, hidden_bound, "hidden gradient");
  expect_all_close(dense(actual.weights), expected.weights_gradient, weights_bound,
                   "weights gradient");
  expect_all_close(actual.bias.values(), expected.bias_gradient, bias_bound, "bias gradient");
  expect_close(actual.totals.total, expected.total, total_bound, "total");
  EXPECT_EQ(actual.totals.denominator, c.loss.denominator());
  EXPECT_TRUE(actual.guards_hold());
}

void expect_same_bits(const Outputs& a, const Outputs& b) {
  EXPECT_TRUE(a.hidden.same_bits(b.hidden));
  EXPECT_TRUE(a.weights.same_bits(b.weights));
  EXPECT_TRUE(a.bias.same_bits(b.bias));
  EXPECT_TRUE(a.row_loss.same_bits(b.row_loss));
  EXPECT_EQ(a.totals.total, b.totals.total);
  EXPECT_EQ(a.totals.hard, b.totals.hard);
  EXPECT_EQ(a.totals.soft, b.totals.soft);
}

void choose_options(LinearCase& c, std::mt19937_64& random) {
  retort_distillation_loss_options& options = c.loss.options;
  options.mean = kMeans[random() % 2];
  options.label_type = random() % 2 ? RETORT_LABELS_I32 : RETORT_LABELS_I64;
  options.reduction = static_cast<retort_reduction>(random() % 3);
  options.temperature = std::vector<float>{0.5f, 1, 2, 2.5f, 4}[random() % 5];
  options.alpha = std::vector<float>{0, 0.3f, 0.9f, 1}[random() % 4];
  options.label_smoothing = std::vector<float>{0, 0.1f}[random() % 2];
  options.scale_by_temperature_squared = static_cast<int32_t>(random() % 2);
  options.denominator = random() % 3 == 0 ? 7.5 : 0;
  options.divergence = kDivergences[random() % 7];
  options.beta = std::vector<float>{0, 0.3f, 1}[random() % 3];
  options.target_weight = std::vector<float>{0, 1, 2}[random() % 3];
  options.non_target_weight = std::vector<float>{0, 1, 8}[random() % 3];
  if (options.divergence == RETORT_FORWARD_KL) {
    options.soft_value = static_cast<retort_soft_value>(random() % 3);
    if (options.soft_value == RETORT_MEAN_OF_KL) options.mean = RETORT_MEAN_OF_PROBABILITIES;
  }
  if (options.divergence != RETORT_NORMALIZED) options.standardize_logits = random() % 4 == 0;
  if (random() % 3 == 0) {
    for (int64_t k = 0; k < c.count(); ++k)
      c.loss.teacher_temperatures.push_back(static_cast<float>(1 + random() % 4));
  }
  if (random() % 2) c.loss.row_weights.clear();
  if (random() % 2) c.loss.teacher_weights.clear();
  for (int32_t& label : c.loss.labels) {
    if (random() % 5 == 0) label = static_cast<int32_t>(options.ignore_index);
  }
  c.loss.labels[0] = 0;
}

// Class 1 is masked for everybody, and is nobody's label.
void mask_a_class(LinearCase& c, std::mt19937_64& random) {
  for (int32_t& label : c.loss.labels) {
    if (label == 1) label = 0;
  }
  const auto mask = [&](Layer& layer) {
    if (!layer.bias) layer.bias = Floats::normal(random, c.classes());
    (*layer.bias)[1] = -kInfinity;
  };
  mask(c.student);
  for (Layer& teacher : c.teachers) mask(teacher);
}

TEST(LinearDistillation, MatchesTheReferenceForRandomShapesOptionsAndBudgets) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 250; ++trial) {
    SCOPED_TRACE(trial);
    const int64_t rows = pick(random, {1, 2, 7, 16, 19, 40});
    LinearCase c(rows, pick(random, {1, 2, 3, 9, 17, 64, 130}), pick(random, {1, 2, 3, 4, 5}),
                 random);
    choose_options(c, random);
    if (c.classes() > 2 && !c.loss.options.standardize_logits && random() % 4 == 0)
      mask_a_class(c, random);
    const int64_t all = c.row_bytes(c.count()) * pick(random, {1, 3, 17, 1000});
    c.budget = all + pick(random, {0, 3});
    expect_matches_reference(c);
  }
}

TEST(LinearDistillation, MatchesTheReferenceOnAVocabularyOfManyThousandClasses) {
  std::mt19937_64 random(2);
  for (const retort_mean mean : kMeans) {
    LinearCase c(3, 20001, 3, random);
    c.loss.options.mean = mean;
    c.loss.options.temperature = 2;
    c.budget = c.row_bytes(2);
    expect_matches_reference(c);
  }
}

TEST(LinearDistillation, AMixtureOfManyTeachersKeepsWhatNoProbabilityCanHold) {
  std::mt19937_64 random(3);
  for (const float scale : {30.0f, 100.0f, 1000.0f}) {
    for (const retort_divergence divergence : kDivergences) {
      SCOPED_TRACE(::testing::Message() << divergence << ' ' << scale);
      LinearCase c(5, 23, 4, random, scale);
      c.loss.options.mean = RETORT_MEAN_OF_PROBABILITIES;
      c.loss.options.divergence = divergence;
      c.loss.options.alpha = 1;
      expect_matches_reference(c);
    }
  }
}

// The same steps by the operations that callers have, on whole logits.
Outputs by_steps(LinearCase& c) {
  Outputs out = c.outputs();
  Case& loss = c.loss;
  const int64_t rows = c.rows(), classes = c.classes();
  const auto logits = [&](const Layer& layer, GuardedMatrix& result) {
    EXPECT_EQ(retort_matrix_product(0, 1, rows, classes, layer.hidden.classes, layer.hidden.data(),
                                    layer.hidden.stride, layer.weights.data(), layer.weights.stride,
                                    0, result.data(), result.stride, plain_sgemm, nullptr),
              RETORT_OK);
  };
  logits(c.student, loss.student);
  for (size_t k = 0; k < c.teachers.size(); ++k) logits(c.teachers[k], loss.teachers[k]);
  EXPECT_EQ(loss.run(loss.student.data(), loss.student.stride, out.row_loss.data(), &out.totals),
            RETORT_OK);
  const Layer& student = c.student;
  const int64_t width = student.hidden.classes;
  retort_matrix_product(0, 0, rows, width, classes, loss.student.data(), loss.student.stride,
                        student.weights.data(), student.weights.stride, 0, out.hidden.data(),
                        out.hidden.stride, plain_sgemm, nullptr);
  retort_matrix_product(1, 0, classes, width, rows, loss.student.data(), loss.student.stride,
                        student.hidden.data(), student.hidden.stride, 0, out.weights.data(),
                        out.weights.stride, plain_sgemm, nullptr);
  Floats scratch(retort_column_sums_workspace(rows, classes));
  retort_column_sums(rows, classes, loss.student.data(), out.bias.data(), scratch.data(), nullptr);
  return out;
}

TEST(LinearDistillation, OneChunkIsBitForBitTheStepsItIsMadeOf) {
  std::mt19937_64 random(4);
  for (const retort_divergence divergence : {RETORT_FORWARD_KL, RETORT_NORMALIZED}) {
    for (const int64_t teachers : {1, 3}) {
      SCOPED_TRACE(::testing::Message() << divergence << ' ' << teachers);
      LinearCase c(50, 300, teachers, random);
      c.loss.options.temperature = 2;
      c.loss.options.divergence = divergence;
      c.loss.options.mean = RETORT_MEAN_OF_PROBABILITIES;
      if (divergence == RETORT_FORWARD_KL) c.loss.options.soft_value = RETORT_MEAN_OF_KL;
      c.student.bias.reset();
      for (Layer& teacher : c.teachers) teacher.bias.reset();
      const Outputs fused = c.run();
      expect_same_bits(fused, by_steps(c));
    }
  }
}

TEST(LinearDistillation, ABudgetForAllRowsIsUsedAsIfItWereJustEnough) {
  std::mt19937_64 random(5);
  LinearCase c(37, 50, 3, random);
  const Outputs plenty = c.run();
  c.budget = c.row_bytes(1) * 48;
  expect_same_bits(plenty, c.run());
}

TEST(LinearDistillation, AnOutputThatIsNotWantedChangesNoOther) {
  std::mt19937_64 random(6);
  LinearCase c(20, 30, 2, random);
  c.budget = c.row_bytes(1) * 7;
  const Outputs all = c.run();
  for (int wanted = 0; wanted < 32; ++wanted) {
    SCOPED_TRACE(wanted);
    Outputs out = all;
    retort_linear_gradient gradient = out.gradient();
    if (!(wanted & 1)) gradient.hidden = nullptr;
    if (!(wanted & 2)) gradient.weights = nullptr;
    if (!(wanted & 4)) gradient.bias = nullptr;
    ASSERT_EQ(c.run(wanted & 7 ? &gradient : nullptr, wanted & 8 ? out.row_loss.data() : nullptr,
                    wanted & 16 ? &out.totals : nullptr),
              RETORT_OK)
        << retort_last_error();
    expect_same_bits(out, all);
  }
}

TEST(LinearDistillation, TheNumberOfThreadsChangesNoBit) {
  std::mt19937_64 random(7);
  LinearCase c(70, 600, 3, random);
  c.loss.options.mean = RETORT_MEAN_OF_PROBABILITIES;
  c.budget = c.row_bytes(2) * 33;
  const Outputs alone = c.run();
  for (const int32_t threads : {1, 2, 7}) {
    SCOPED_TRACE(threads);
    const Pool pool = make_pool(threads);
    expect_same_bits(c.run(retort_thread_pool_executor(pool.get())), alone);
  }
}

TEST(LinearDistillation, ChunksAreWhatTheBudgetHoldsInWholeGroupsOfRows) {
  retort_distillation_loss_options options = retort_distillation_loss_options_default();
  const auto rows_of = [&](int64_t rows, int64_t budget_rows, int64_t teachers, int64_t matrices) {
    const int64_t row = 4 * 1000 * matrices;
    const int64_t bytes = retort_linear_distillation_workspace(&options, rows, 1000, teachers,
                                                               budget_rows * row + row - 1);
    EXPECT_EQ(bytes % row, 0);
    return bytes / row;
  };
  EXPECT_EQ(rows_of(5000, 1, 4, 2), 1);
  EXPECT_EQ(rows_of(5000, 15, 4, 2), 15);
  EXPECT_EQ(rows_of(5000, 31, 4, 2), 16);
  EXPECT_EQ(rows_of(5000, 255, 4, 2), 240);
  EXPECT_EQ(rows_of(5000, 511, 4, 2), 256);
  EXPECT_EQ(rows_of(5000, 1700, 4, 2), 1280);  // four of them rather than three and a rest
  EXPECT_EQ(rows_of(5000, 4999, 4, 2), 2560);
  EXPECT_EQ(rows_of(5000, 5120, 4, 2), 5000);
  EXPECT_EQ(rows_of(5000, 1000000, 4, 2), 5000);
  EXPECT_EQ(rows_of(7, 100, 4, 2), 7);
  EXPECT_EQ(rows_of(0, 0, 4, 2), 0);
  options.mean = RETORT_MEAN_OF_PROBABILITIES;
  EXPECT_EQ(rows_of(100, 1000, 1, 2), 100);
  EXPECT_EQ(rows_of(100, 1000, 2, 3), 100);
  EXPECT_EQ(rows_of(100, 1000, 9, 3), 100);
  options.soft_value = RETORT_MEAN_OF_KL;
  EXPECT_EQ(rows_of(100, 1000, 9, 10), 100);
  options.soft_value = RETORT_KL_OF_MEAN;
  options.divergence = RETORT_NORMALIZED;
  EXPECT_EQ(rows_of(100, 1000, 9, 10), 100);
  options.divergence = RETORT_FORWARD_KL;
  options.mean = RETORT_MEAN_OF_LOGITS;
  options.standardize_logits = 1;
  EXPECT_EQ(rows_of(100, 1000, 9, 10), 100);
  options.alpha = 0;
  EXPECT_EQ(rows_of(100, 1000, 0, 1), 100);
}

TEST(LinearDistillation, ABudgetBelowOneRowIsRefusedWithTheLeastThatIsEnough) {
  const retort_distillation_loss_options options = retort_distillation_loss_options_default();
  for (const int64_t budget : {int64_t{-1}, int64_t{0}, int64_t{799}, INT64_MIN}) {
    EXPECT_EQ(retort_linear_distillation_workspace(&options, 3, 100, 2, budget), -1);
    EXPECT_NE(std::strstr(retort_last_error(), "budget must be at least 800 bytes"), nullptr)
        << retort_last_error();
  }
  EXPECT_EQ(retort_linear_distillation_workspace(&options, 3, 100, 2, 800), 800);
}

TEST(LinearDistillation, ANaNStaysInItsRowButForTheSumsOverRows) {
  std::mt19937_64 random(8);
  for (const float bad : {kNaN, kInfinity}) {
    LinearCase c(12, 20, 2, random);
    c.budget = c.row_bytes(1) * 5;
    const Outputs good = c.run();
    c.student.hidden.at(4, 0) = bad;
    c.teachers[1].hidden.at(7, 0) = bad;
    const Outputs spoilt = c.run();
    for (int64_t i = 0; i < 12; ++i) {
      const bool spoilt_row = i == 4 || i == 7;
      EXPECT_EQ(std::isnan(spoilt.row_loss[i]), spoilt_row) << i;
      for (int64_t h = 0; h < good.hidden.classes; ++h)
        EXPECT_EQ(std::isnan(spoilt.hidden.at(i, h)), spoilt_row) << i;
      if (spoilt_row) continue;
      EXPECT_EQ(spoilt.row_loss[i], good.row_loss[i]);
      EXPECT_EQ(spoilt.hidden.row(i), good.hidden.row(i));
    }
    EXPECT_TRUE(std::isnan(spoilt.totals.total));
    for (const double x : dense(spoilt.weights)) EXPECT_TRUE(std::isnan(x));
    for (const double x : spoilt.bias.values()) EXPECT_TRUE(std::isnan(x));
  }
}

TEST(LinearDistillation, ARowWithoutWeightAddsNothingWhateverItHolds) {
  std::mt19937_64 random(9);
  for (const int64_t chunk : {1, 4, 100}) {
    SCOPED_TRACE(chunk);
    LinearCase c(11, 9, 2, random);
    c.budget = c.row_bytes(1) * chunk;
    for (const int64_t row : {0, 1, 5, 10}) {
      c.loss.labels[static_cast<size_t>(row)] = -100;
      float held = kNaN;
      if (row == 5) held = kInfinity;
      for (int64_t h = 0; h < c.student.hidden.classes; ++h) c.student.hidden.at(row, h) = held;
      c.teachers[0].hidden.at(row, 0) = kNaN;
    }
    c.loss.row_weights[7] = 0;
    c.student.hidden.at(7, 0) = -kInfinity;
    expect_matches_reference(c);
  }
}

TEST(LinearDistillation, WithoutRowsThatCountTheGradientsAreZero) {
  std::mt19937_64 random(10);
  for (const int64_t rows : {0, 6}) {
    for (const float hidden : {1.0f, kNaN}) {
      LinearCase c(rows, 20, 2, random);
      c.loss.labels.assign(static_cast<size_t>(rows), -100);
      for (int64_t i = 0; i < rows; ++i) c.student.hidden.at(i, 0) = hidden;
      const Outputs out = c.run();
      for (const double x : dense(out.hidden)) EXPECT_EQ(x, 0);
      for (const double x : dense(out.weights)) EXPECT_EQ(x, 0);
      for (const double x : out.bias.values()) EXPECT_EQ(x, 0);
      EXPECT_EQ(out.totals.total, 0);
      EXPECT_EQ(out.totals.counted_rows, 0);
      EXPECT_TRUE(out.guards_hold());
    }
  }
}

TEST(LinearDistillation, ATeacherOfWeightZeroIsNotRead) {
  std::mt19937_64 random(11);
  for (const retort_mean mean : kMeans) {
    LinearCase c(6, 20, 3, random);
    c.loss.options.mean = mean;
    c.loss.teacher_weights = {1, 0, 3};
    LinearCase without = c;
    without.loss.teacher_weights = {1, 3};
    without.teachers.erase(without.teachers.begin() + 1);
    without.loss.teachers.pop_back();
    c.teachers[1].hidden.fill_normal(random, kNaN);
    expect_same_bits(c.run(), without.run());
  }
}

TEST(LinearDistillation, NoTeachersAreNeededWhereTheyDoNotWeigh) {
  std::mt19937_64 random(12);
  LinearCase c(6, 20, 0, random);
  c.loss.options.alpha = 0;
  c.loss.teacher_weights.clear();
  expect_matches_reference(c);
}

TEST(LinearDistillation, TheReferencesGradientsAreItsSlopes) {
  std::mt19937_64 random(13);
  for (const retort_divergence divergence : {RETORT_FORWARD_KL, RETORT_NORMALIZED}) {
    LinearCase c(4, 5, 2, random);
    c.loss.options.divergence = divergence;
    c.loss.options.temperature = 2;
    c.loss.row_weights[2] = 0;
    const reference::LinearLayer student = c.student.meaning();
    const auto expect_slopes = [&](const Row& gradient, Row reference::LinearLayer::*part) {
      const Row slope = slopes(
          [&](const Row& x) {
            reference::LinearLayer moved = student;
            moved.*part = x;
            const Row weights(c.loss.row_weights.begin(), c.loss.row_weights.end());
            return reference::linear_distillation(
                       c.loss.meaning(), moved, c.teacher_meanings(), c.loss.weights(),
                       std::vector<int64_t>(c.loss.labels.begin(), c.loss.labels.end()), weights,
                       c.loss.denominator())
                .total;
          },
          student.*part);
      ASSERT_EQ(slope.size(), gradient.size());
      for (size_t i = 0; i < slope.size(); ++i) EXPECT_NEAR(gradient[i], slope[i], 1e-8);
    };
    const reference::LinearDistillation expected = c.expected();
    expect_slopes(expected.hidden_gradient, &reference::LinearLayer::hidden);
    expect_slopes(expected.weights_gradient, &reference::LinearLayer::weights);
    expect_slopes(expected.bias_gradient, &reference::LinearLayer::bias);
  }
}

// One call whose every argument can be spoiled.
struct Call {
  retort_distillation_loss_options options = retort_distillation_loss_options_default();
  float hidden[12] = {}, weights[15] = {}, bias[5] = {}, teacher_hidden[8] = {},
        teacher_weights[10] = {}, workspace[40] = {}, row_loss[4] = {};
  float hidden_gradient[12] = {}, weights_gradient[15] = {}, bias_gradient[5] = {};
  int32_t labels[4] = {0, 1, 2, 3};
  int64_t rows = 4, classes = 5, teacher_count = 1, budget = 160;
  retort_linear_layer student{3, hidden, 3, weights, 3, bias};
  retort_linear_layer teacher{2, teacher_hidden, 2, teacher_weights, 2, nullptr};
  retort_linear_gradient gradient{hidden_gradient, 3, weights_gradient, 3, bias_gradient};
  const retort_distillation_loss_options* options_given = &options;
  const retort_linear_layer* student_given = &student;
  const retort_linear_layer* teachers_given = &teacher;
  const void* labels_given = labels;
  float* row_loss_given = row_loss;
  float* workspace_given = workspace;
  retort_sgemm sgemm = plain_sgemm;

  retort_status run() {
    return retort_linear_distillation(options_given, rows, classes, student_given, teachers_given,
                                      teacher_count, nullptr, labels_given, nullptr, &gradient,
                                      row_loss_given, nullptr, budget, workspace_given, sgemm,
                                      nullptr);
  }
};

TEST(LinearDistillation, ABadArgumentIsNamedAndNothingIsWritten) {
  const auto refused = [](const std::function<void(Call*)>& spoil, const char* name) {
    const auto call = std::make_unique<Call>();
    ASSERT_EQ(call->run(), RETORT_OK) << retort_last_error();
    std::fill_n(call->bias_gradient, 5, kGuard);
    std::fill_n(call->row_loss, 4, kGuard);
    spoil(call.get());
    expect_refused(call->run(), name);
    EXPECT_EQ(call->bias_gradient[0], kGuard);
    EXPECT_EQ(call->row_loss[0], kGuard);
  };
  const int64_t too_large = int64_t{1} << 31;
  refused([](Call* c) { c->options_given = nullptr; }, "options");
  refused([](Call* c) { c->options.dtype = static_cast<retort_dtype>(7); }, "dtype");
  refused([](Call* c) { c->options.teacher_form = RETORT_PROBABILITIES; }, "teacher_form");
  refused([](Call* c) { c->options.temperature = 0; }, "temperature");
  refused([](Call* c) { c->options.alpha = kNaN; }, "alpha");
  refused([](Call* c) { c->rows = -1; }, "rows");
  refused([](Call* c) { c->rows = INT64_MAX; }, "overflows");
  refused([](Call* c) { c->classes = 0; }, "classes");
  refused([&](Call* c) { c->classes = too_large; }, "classes");
  refused([](Call* c) { c->budget = 39; }, "budget must be at least 40 bytes");
  refused([](Call* c) { c->student_given = nullptr; }, "student must");
  refused([](Call* c) { c->student.hidden_size = 0; }, "student hidden_size");
  refused([&](Call* c) { c->student.hidden_size = too_large; }, "student hidden_size");
  refused([](Call* c) { c->student.hidden = nullptr; }, "student hidden must");
  refused([](Call* c) { c->student.hidden_stride = 2; }, "student hidden stride");
  refused([&](Call* c) { c->student.hidden_stride = too_large; }, "student hidden_stride");
  refused([](Call* c) { c->student.weights = nullptr; }, "student weights must");
  refused([](Call* c) { c->student.weights_stride = 2; }, "student weights stride");
  refused([&](Call* c) { c->student.weights_stride = too_large; }, "student weights_stride");
  refused([](Call* c) { c->teachers_given = nullptr; }, "teachers must");
  refused([](Call* c) { c->teacher_count = 0; }, "teacher count");
  refused([](Call* c) { c->teacher_count = 1025; }, "teacher count");
  refused([](Call* c) { c->teacher.hidden_size = -1; }, "teacher hidden_size");
  refused([](Call* c) { c->teacher.hidden = nullptr; }, "teacher hidden must");
  refused([](Call* c) { c->teacher.weights = nullptr; }, "teacher weights must");
  refused([](Call* c) { c->gradient.hidden_stride = 2; }, "gradient hidden stride");
  refused([&](Call* c) { c->gradient.hidden_stride = too_large; }, "gradient hidden must fit");
  refused([](Call* c) { c->gradient.weights_stride = 2; }, "gradient weights stride");
  refused([](Call* c) { c->gradient.hidden = c->hidden; }, "gradient hidden must not overlap");
  refused([](Call* c) { c->gradient.weights = c->weights; }, "gradient weights must not overlap");
  refused([](Call* c) { c->gradient.bias = c->bias; }, "gradient bias must not overlap");
  refused([](Call* c) { c->gradient.hidden = c->teacher_hidden; }, "overlap teacher hidden");
  refused([](Call* c) { c->gradient.weights = c->workspace; }, "overlap workspace");
  refused([](Call* c) { c->row_loss_given = c->bias; }, "row_loss must not overlap");
  refused([](Call* c) { c->row_loss_given = reinterpret_cast<float*>(c->labels); },
          "row_loss must not overlap labels");
  refused([](Call* c) { c->gradient.bias = reinterpret_cast<float*>(c->labels); },
          "gradient bias must not overlap labels");
  refused([](Call* c) { c->workspace_given = nullptr; }, "workspace must");
  refused([](Call* c) { c->workspace_given = c->teacher_weights; }, "workspace must not overlap");
  refused(
      [](Call* c) {
        c->workspace_given =
            reinterpret_cast<float*>(reinterpret_cast<char*>(c->workspace_given) + 1);
      },
      "workspace must be aligned");
  refused([](Call* c) { c->labels[2] = 5; }, "labels[2]");
  refused([](Call* c) { c->labels_given = nullptr; }, "labels");
  refused([](Call* c) { c->sgemm = nullptr; }, "sgemm");
  refused(
      [](Call* c) {
        c->options.reduction = RETORT_REDUCTION_NONE;
        c->row_loss_given = nullptr;
      },
      "row_loss");
}

TEST(LinearDistillation, WhatStandsBehindTheWorkspaceMayBeWritten) {
  // The workspace holds one row of two matrices; a whole matrix of logits would reach beyond it.
  const auto call = std::make_unique<Call>();
  float memory[10 + 4] = {};
  call->budget = 40;
  call->workspace_given = memory;
  call->row_loss_given = memory + 10;
  EXPECT_EQ(call->run(), RETORT_OK) << retort_last_error();
}

TEST(LinearDistillation, HalfPrecisionIsUnsupported) {
  for (const retort_dtype dtype : {RETORT_F16, RETORT_BF16}) {
    Call call;
    call.options.dtype = dtype;
    EXPECT_EQ(call.run(), RETORT_UNSUPPORTED);
    EXPECT_NE(std::strstr(retort_last_error(), "dtype"), nullptr);
    EXPECT_EQ(retort_linear_distillation_workspace(&call.options, 4, 5, 1, 160), -1);
  }
}

TEST(LinearDistillation, SizesThatOverflowAreRefused) {
  const retort_distillation_loss_options options = retort_distillation_loss_options_default();
  EXPECT_EQ(retort_linear_distillation_workspace(nullptr, 1, 1, 1, 1), -1);
  EXPECT_EQ(retort_linear_distillation_workspace(&options, -1, 1, 1, INT64_MAX), -1);
  EXPECT_EQ(retort_linear_distillation_workspace(&options, 1, INT64_MAX, 1, INT64_MAX), -1);
  EXPECT_EQ(retort_linear_distillation_workspace(&options, 1, 1, 1 << 20, INT64_MAX), -1);
  // As large as sizes get, the workspace is still within the budget.
  const int64_t most =
      retort_linear_distillation_workspace(&options, INT64_MAX, INT32_MAX, 1024, INT64_MAX);
  EXPECT_GT(most, 0);
}

}  // namespace
}  // namespace retort::testing
