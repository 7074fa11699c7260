// What every implementation must hold to without an oracle. Sizes are those at the edges of vectors and blocks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "distillation.h"
#include "ensemble_mean.h"
#include "softmax.h"

namespace retort::conformance {
namespace {

constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
constexpr int64_t kClasses[] = {2, 3, 9, 16, 33, 129, 1000, 8193};
constexpr retort_divergence kDivergences[] = {
    RETORT_FORWARD_KL,    RETORT_REVERSE_KL, RETORT_JENSEN_SHANNON, RETORT_TOTAL_VARIATION,
    RETORT_SQUARED_ERROR, RETORT_DECOUPLED,  RETORT_NORMALIZED};
constexpr retort_mean kMeans[] = {RETORT_MEAN_OF_LOGITS, RETORT_MEAN_OF_PROBABILITIES};

// A distillation loss in f32, all of its matrices without padding.
class Loss {
 public:
  Loss(int64_t rows, int64_t classes, int64_t teachers, Random& random) : classes_(classes) {
    options.temperature = 2;
    options.alpha = 0.7f;
    options.reduction = RETORT_REDUCTION_SUM;
    for (int64_t i = 0; i < rows; ++i)
      labels.push_back(static_cast<int64_t>(random() % static_cast<uint64_t>(classes)));
    student = drawn(rows, random);
    for (int64_t k = 0; k < teachers; ++k) this->teachers.push_back(drawn(rows, random));
  }

  struct Result {
    std::vector<Row> gradient;
    std::vector<std::string> bits;
    Row loss;
    retort_distillation_totals totals{};
  };

  Result compute(const retort_executor* executor = nullptr) const {
    const auto rows = static_cast<int64_t>(student.size());
    Memory memory;
    DistillationArguments a;
    a.options = options;
    a.teacher_weights = weights;
    const auto filled = [&](const std::vector<Row>& values) {
      Matrix matrix = memory.matrix(options.dtype, rows, classes_, classes_);
      for (int64_t i = 0; i < rows; ++i) matrix.set_row(i, values[static_cast<size_t>(i)]);
      return matrix;
    };
    a.student = filled(student);
    for (const auto& teacher : teachers) a.teachers.push_back(filled(teacher));
    a.labels = memory.integers(labels, 4);
    const Matrix gradient = memory.matrix(options.dtype, rows, classes_, classes_);
    const Matrix loss = memory.matrix(RETORT_F32, 1, rows, rows);
    const std::vector<const void*> pointers = a.teacher_pointers();
    Result result;
    memory.send();
    EXPECT_EQ(implementation().distillation_loss(
                  a.call_options(), rows, classes_, a.student.data(), classes_, pointers.data(),
                  static_cast<int64_t>(pointers.size()), classes_, a.weights_or_null(),
                  a.labels.data(), nullptr, gradient.data(), classes_,
                  static_cast<float*>(loss.data()), &result.totals, executor),
              RETORT_OK)
        << implementation().last_error();
    memory.receive();
    for (int64_t i = 0; i < rows; ++i) {
      result.gradient.push_back(gradient.result(i));
      result.bits.push_back(gradient.bits(i));
    }
    result.loss = loss.result(0);
    return result;
  }

  // Bounds for what is equal but for rounding: the exponents are below 16 in these tests, and a gradient's
  // terms are below alpha T and below 1.
  double gradient_bound() const {
    return 256 * kEpsilon * (1 + options.temperature) * (1 + weight());
  }
  double loss_bound() const {
    return 2048 * kEpsilon * (1 + options.temperature * options.temperature) * (1 + weight());
  }

  retort_distillation_loss_options options = retort_distillation_loss_options_default();
  std::vector<Row> student;
  std::vector<std::vector<Row>> teachers;
  std::vector<float> weights;
  std::vector<int64_t> labels;

 private:
  double weight() const { return options.target_weight + options.non_target_weight; }
  std::vector<Row> drawn(int64_t rows, Random& random) const {
    std::vector<Row> matrix;
    std::normal_distribution<float> normal(0, 2);
    for (int64_t i = 0; i < rows; ++i) {
      Row row;
      for (int64_t j = 0; j < classes_; ++j) row.push_back(normal(random));
      matrix.push_back(row);
    }
    return matrix;
  }

  int64_t classes_;
};

// body(a loss) for every divergence, mean and number of classes.
template <typename Body>
void for_every_loss(int64_t teachers, Body body) {
  Random random(1);
  for (const int64_t classes : kClasses) {
    for (const retort_mean mean : kMeans) {
      for (const retort_divergence divergence : kDivergences) {
        SCOPED_TRACE(::testing::Message() << "classes " << classes << ", mean " << mean
                                          << ", divergence " << divergence);
        Loss loss(3, classes, teachers, random);
        loss.options.mean = mean;
        loss.options.divergence = divergence;
        body(loss, random);
      }
    }
  }
}

void expect_close(const Loss& loss, const Loss::Result& a, const Loss::Result& b) {
  for (size_t i = 0; i < a.gradient.size(); ++i) {
    EXPECT_NEAR(a.loss[i], b.loss[i], loss.loss_bound() * (1 + std::fabs(a.loss[i])));
    for (size_t j = 0; j < a.gradient[i].size(); ++j)
      ASSERT_NEAR(a.gradient[i][j], b.gradient[i][j], loss.gradient_bound()) << "class " << j;
  }
}

TEST(Properties, AGradientsRowSumsToZero) {
  for_every_loss(2, [](Loss& loss, Random&) {
    if (loss.options.divergence == RETORT_SQUARED_ERROR) return;  // of logits: it knows a shift
    for (const Row& gradient : loss.compute().gradient) {
      double sum = 0, size = 0;
      for (const double g : gradient) {
        sum += g;
        size += std::fabs(g);
      }
      EXPECT_NEAR(sum, 0, loss.gradient_bound() * (1 + size));
    }
  });
}

TEST(Properties, AShiftOfARowsLogitsChangesNothing) {
  for_every_loss(2, [](Loss& loss, Random&) {
    if (loss.options.divergence == RETORT_SQUARED_ERROR) return;
    // With 18 bits after the point a few units and 8 more have an exact sum.
    for (Row& row : loss.student)
      for (double& z : row) z = std::ldexp(std::nearbyint(std::ldexp(z, 18)), -18);
    const Loss::Result rounded = loss.compute();
    for (Row& row : loss.student)
      for (double& z : row) z += 8;
    expect_close(loss, rounded, loss.compute());
  });
}

TEST(Properties, TheOrderOfTheClassesDoesNotMatter) {
  for_every_loss(2, [](Loss& loss, Random& random) {
    const Loss::Result before = loss.compute();
    const size_t classes = loss.student[0].size();
    std::vector<size_t> place(classes);
    for (size_t j = 0; j < classes; ++j) place[j] = j;
    std::shuffle(place.begin(), place.end(), random);
    const auto permute = [&](std::vector<Row>& matrix) {
      for (Row& row : matrix) {
        const Row kept = row;
        for (size_t j = 0; j < classes; ++j) row[place[j]] = kept[j];
      }
    };
    permute(loss.student);
    for (auto& teacher : loss.teachers) permute(teacher);
    for (int64_t& label : loss.labels)
      label = static_cast<int64_t>(place[static_cast<size_t>(label)]);
    Loss::Result expected = before;
    permute(expected.gradient);
    expect_close(loss, expected, loss.compute());
  });
}

TEST(Properties, TheOrderOfTheTeachersDoesNotMatter) {
  for_every_loss(3, [](Loss& loss, Random&) {
    loss.weights = {1, 3, 0.5f};
    const Loss::Result before = loss.compute();
    std::swap(loss.teachers[0], loss.teachers[2]);
    std::swap(loss.weights[0], loss.weights[2]);
    expect_close(loss, before, loss.compute());
  });
}

TEST(Properties, EqualTeachersAreOneAndTheMeansOfOneAreEqual) {
  for_every_loss(1, [](Loss& loss, Random&) {
    const Loss::Result one = loss.compute();
    Loss many = loss;
    many.teachers.assign(5, loss.teachers[0]);
    expect_close(loss, one, many.compute());
    if (loss.options.divergence == RETORT_SQUARED_ERROR)
      return;  // a mixture's logits are normalised
    loss.options.mean = loss.options.mean == RETORT_MEAN_OF_LOGITS ? RETORT_MEAN_OF_PROBABILITIES
                                                                   : RETORT_MEAN_OF_LOGITS;
    expect_close(loss, one, loss.compute());
  });
}

TEST(Properties, AStudentLikeItsTeachersHasNoSoftLossAndNoGradient) {
  for_every_loss(2, [](Loss& loss, Random&) {
    if (loss.options.divergence == RETORT_NORMALIZED) return;  // a cross-entropy
    if (loss.options.divergence == RETORT_SQUARED_ERROR &&
        loss.options.mean == RETORT_MEAN_OF_PROBABILITIES)
      return;
    loss.options.alpha = 1;
    loss.teachers.assign(2, loss.student);
    const Loss::Result result = loss.compute();
    EXPECT_NEAR(result.totals.soft, 0, loss.loss_bound());
    for (const Row& row : result.gradient) {
      for (const double g : row) ASSERT_NEAR(g, 0, loss.gradient_bound());
    }
  });
}

TEST(Properties, LogitsAndTemperatureScaledAlikeLeaveTheSoftLossOverItsSquare) {
  for_every_loss(2, [](Loss& loss, Random&) {
    if (loss.options.divergence == RETORT_NORMALIZED) return;  // has a part at temperature 1
    loss.options.alpha = 1;
    const double before = loss.compute().totals.soft / 4;
    const auto scale = [](std::vector<Row>& matrix) {
      for (Row& row : matrix)
        for (double& z : row) z *= 3;
    };
    scale(loss.student);
    for (auto& teacher : loss.teachers) scale(teacher);
    loss.options.temperature = 6;
    const double after = loss.compute().totals.soft / 36;
    EXPECT_NEAR(before, after, loss.loss_bound() * (1 + before));
  });
}

// A row alone, and at every place of a batch of many.
TEST(Properties, ARowsBitsDoNotDependOnItsBatch) {
  Random random(2);
  for (const retort_dtype dtype : {RETORT_F32, RETORT_F16, RETORT_BF16}) {
    for (const int64_t classes : kClasses) {
      for (const retort_divergence divergence : kDivergences) {
        SCOPED_TRACE(::testing::Message() << dtype << ' ' << classes << ' ' << divergence);
        Loss whole(classes > 1000 ? 3 : 19, classes, 2, random);
        whole.options.dtype = dtype;
        whole.options.divergence = divergence;
        whole.options.mean = kMeans[random() % 2];
        const Loss::Result together = whole.compute();
        for (size_t i = 0; i < whole.student.size(); ++i) {
          Loss alone = whole;
          alone.student = {whole.student[i]};
          for (size_t k = 0; k < 2; ++k) alone.teachers[k] = {whole.teachers[k][i]};
          alone.labels = {whole.labels[i]};
          const Loss::Result result = alone.compute();
          EXPECT_EQ(result.bits[0], together.bits[i]) << "row " << i;
          EXPECT_EQ(result.loss[0], together.loss[i]) << "row " << i;
        }
      }
    }
  }
}

TEST(Properties, ASecondRunAndEveryExecutorGiveTheSameBits) {
  Random random(3);
  for (const int64_t classes : {3, 17, 100, 1025}) {
    for (const retort_divergence divergence : kDivergences) {
      Loss loss(classes > 1000 ? 40 : 3000 / classes * 10, classes, 2, random);
      loss.options.divergence = divergence;
      loss.options.reduction = RETORT_REDUCTION_MEAN;
      const Loss::Result first = loss.compute();
      for (const retort_executor* executor : executors()) {
        const Loss::Result again = loss.compute(executor);
        EXPECT_EQ(again.bits, first.bits);
        EXPECT_EQ(std::memcmp(&again.totals, &first.totals, sizeof first.totals), 0);
      }
    }
  }
}

// The mean of a single member's probabilities at a temperature, as logits, has the member's softmax.
TEST(Properties, AMemberAloneIsItsOwnMean) {
  Random random(4);
  for (const int64_t classes : kClasses) {
    Memory memory;
    EnsembleMeanArguments mean;
    mean.shape = {4, classes};
    mean.options.temperature = 3;
    mean.members.push_back(memory.matrix(RETORT_F32, 4, classes, classes + 1));
    fill(random, Values::kNormal, mean.members[0]);
    std::vector<Row> outputs[2];
    for (const retort_mean kind : kMeans) {
      mean.options.mean = kind;
      mean.options.output = RETORT_PROBABILITIES;
      mean.output = memory.matrix(RETORT_F32, 4, classes, classes);
      memory.send();
      ASSERT_EQ(mean.call(nullptr), RETORT_OK) << implementation().last_error();
      memory.receive();
      for (int64_t i = 0; i < 4; ++i) outputs[kind].push_back(mean.output.result(i));
    }
    for (size_t i = 0; i < 4; ++i) {
      for (size_t j = 0; j < outputs[0][i].size(); ++j)
        EXPECT_NEAR(outputs[0][i][j], outputs[1][i][j], 16 * kEpsilon * outputs[0][i][j]);
    }
  }
}

// What the kernels compute with both sides of a row, a NaN on one side must not lose.
TEST(Properties, ANaNMakesItsRowNaNWhateverTheOtherSideMasks) {
  for_every_loss(2, [](Loss& loss, Random&) {
    loss.options.alpha = 1;
    loss.student[1].assign(loss.student[1].size(), -HUGE_VAL);
    const Loss::Result result = loss.compute();
    EXPECT_TRUE(std::isfinite(result.loss[0]));
    EXPECT_TRUE(std::isnan(result.loss[1])) << result.loss[1];
    EXPECT_TRUE(std::isfinite(result.loss[2]));
  });
}

TEST(Properties, ANaNMemberBesideOneThatMasksTheLabelMakesTheRowNaN) {
  Random random(5);
  Loss loss(3, 9, 2, random);
  loss.options.mean = RETORT_MEAN_OF_PROBABILITIES;
  loss.options.divergence = RETORT_DECOUPLED;
  loss.labels[1] = 4;
  loss.teachers[0][1][7] = std::nan("");
  loss.teachers[1][1][4] = -HUGE_VAL;
  const Loss::Result result = loss.compute();
  for (const double g : result.gradient[1]) EXPECT_TRUE(std::isnan(g)) << g;
}

TEST(Properties, ANaNTeacherBesideAClassThatTheStudentMasksMakesTheSquaredErrorsRowNaN) {
  Random random(5);
  Loss loss(3, 9, 1, random);
  loss.options.alpha = 1;
  loss.options.divergence = RETORT_SQUARED_ERROR;
  loss.student[1][4] = -HUGE_VAL;
  loss.teachers[0][1].assign(9, std::nan(""));
  const Loss::Result result = loss.compute();
  for (const double g : result.gradient[1]) EXPECT_TRUE(std::isnan(g)) << g;
}

}  // namespace
}  // namespace retort::conformance
