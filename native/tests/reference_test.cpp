// The reference itself: its gradients against finite differences of its losses.
#include "testing.h"

namespace retort::testing {
namespace {

using reference::Mean;
using reference::Row;

Row random_row(std::mt19937_64& random, int64_t classes) {
  std::normal_distribution<double> normal(0, 2);
  Row row;
  for (int64_t j = 0; j < classes; ++j) row.push_back(normal(random));
  return row;
}

void expect_gradient_is_slope(const reference::DistillationOptions& options,
                              std::mt19937_64& random) {
  Row student = random_row(random, 6);
  const std::vector<Row> teachers{random_row(random, 6), random_row(random, 6)};
  const Row weights{1, 3};
  const auto total = [&] {
    return reference::distillation_loss(options, student, teachers, weights, 2).total;
  };
  const Row gradient =
      reference::distillation_loss(options, student, teachers, weights, 2).gradient;
  for (size_t j = 0; j < 6; ++j) {
    const double h = 1e-5, kept = student[j];
    student[j] = kept + h;
    const double above = total();
    student[j] = kept - h;
    const double below = total();
    student[j] = kept;
    EXPECT_NEAR(gradient[j], (above - below) / (2 * h), 1e-7);
  }
}

constexpr reference::Divergence kEveryDivergence[] = {
    reference::Divergence::kForwardKl,     reference::Divergence::kReverseKl,
    reference::Divergence::kJensenShannon, reference::Divergence::kTotalVariation,
    reference::Divergence::kSquaredError,  reference::Divergence::kDecoupled,
    reference::Divergence::kNormalized};

TEST(Reference, EveryDivergencesGradientIsItsSlope) {
  std::mt19937_64 random(1);
  for (const auto divergence : kEveryDivergence) {
    for (const Mean mean : {Mean::kLogits, Mean::kProbabilities}) {
      for (const double temperature : {0.7, 1.0, 4.0}) {
        for (const double alpha : {0.0, 0.4, 1.0}) {
          for (const bool standardized : {false, true}) {
            SCOPED_TRACE(::testing::Message() << static_cast<int>(divergence) << ' ' << temperature
                                              << ' ' << alpha << ' ' << standardized);
            reference::DistillationOptions options{mean, temperature, alpha, 0.1, temperature > 1};
            options.divergence = divergence;
            options.standardize_logits = standardized;
            options.teacher_temperatures = {2, 3};
            options.beta = 0.3;
            options.target_weight = 1.5;
            options.non_target_weight = 2;
            expect_gradient_is_slope(options, random);
          }
        }
      }
    }
  }
}

TEST(Reference, TheThreeValuesOfTheForwardKlHaveOneGradient) {
  std::mt19937_64 random(4);
  const Row student = random_row(random, 7);
  const std::vector<Row> teachers{random_row(random, 7), random_row(random, 7)};
  reference::DistillationOptions options{Mean::kProbabilities, 2, 1, 0, true};
  const Row weights{1, 1};
  const auto kl = reference::distillation_loss(options, student, teachers, weights, 0);
  options.soft_value = reference::SoftValue::kMeanOfKl;
  const auto mean = reference::distillation_loss(options, student, teachers, weights, 0);
  options.soft_value = reference::SoftValue::kCrossEntropy;
  const auto cross_entropy = reference::distillation_loss(options, student, teachers, weights, 0);
  EXPECT_EQ(kl.gradient, mean.gradient);
  EXPECT_EQ(kl.gradient, cross_entropy.gradient);
  EXPECT_LT(kl.soft, mean.soft);
  EXPECT_LT(mean.soft, cross_entropy.soft);
}

// The identity KD = TCKD + (1 - p_y) NCKD of the paper that decouples them.
TEST(Reference, DecoupledPartsWithTheTeachersWeightsAreTheForwardKl) {
  std::mt19937_64 random(5);
  const Row student = random_row(random, 5), teacher = random_row(random, 5);
  reference::DistillationOptions options{Mean::kLogits, 3, 1, 0, true};
  const double kl = reference::distillation_loss(options, student, {teacher}, {1}, 2).soft;
  options.divergence = reference::Divergence::kDecoupled;
  options.non_target_weight = 1 - reference::softmax(teacher, 3)[2];
  EXPECT_NEAR(reference::distillation_loss(options, student, {teacher}, {1}, 2).soft, kl, 1e-12);
}

// The closed forms of the mixed derivative of one teacher, from the definitions of the divergences.
TEST(Reference, TheTangentIsTheClosedFormOfTheMixedDerivative) {
  std::mt19937_64 random(6);
  const double temperature = 3;
  const Row student = random_row(random, 6), teacher = random_row(random, 6),
            u = random_row(random, 6);
  const Row p = reference::softmax(teacher, temperature),
            q = reference::softmax(student, temperature);
  const auto covariance_times_u = [&](const Row& d) {
    double mean = 0;
    for (size_t j = 0; j < 6; ++j) mean += d[j] * u[j];
    Row result;
    for (size_t j = 0; j < 6; ++j) result.push_back(d[j] * (u[j] - mean));
    return result;
  };
  const auto expect_tangent = [&](reference::Divergence divergence, const Row& expected) {
    reference::DistillationOptions options{Mean::kLogits, temperature, 1, 0, true};
    options.divergence = divergence;
    const Row actual = reference::distillation_tangent(options, student, {teacher}, {1}, 0, u)[0];
    for (size_t j = 0; j < 6; ++j) EXPECT_NEAR(actual[j], -expected[j], 1e-8);
  };
  expect_tangent(reference::Divergence::kForwardKl, covariance_times_u(p));
  expect_tangent(reference::Divergence::kReverseKl, covariance_times_u(q));
  Row squared = u;
  for (double& x : squared) x *= 2.0 / 6;
  expect_tangent(reference::Divergence::kSquaredError, squared);
  expect_tangent(reference::Divergence::kTotalVariation, Row(6, 0.0));
}

TEST(Reference, SoftmaxBackwardIsTheTransposedSlope) {
  std::mt19937_64 random(2);
  for (const double temperature : {0.5, 3.0}) {
    Row z = random_row(random, 5);
    const Row g = random_row(random, 5);
    const Row gradient =
        reference::softmax_backward(reference::softmax(z, temperature), g, temperature);
    const Row log_gradient =
        reference::log_softmax_backward(reference::log_softmax(z, temperature), g, temperature);
    const auto inner = [&](const Row& y) {
      double sum = 0;
      for (size_t j = 0; j < 5; ++j) sum += y[j] * g[j];
      return sum;
    };
    for (size_t j = 0; j < 5; ++j) {
      const double h = 1e-5, kept = z[j];
      z[j] = kept + h;
      const double above = inner(reference::softmax(z, temperature));
      const double log_above = inner(reference::log_softmax(z, temperature));
      z[j] = kept - h;
      EXPECT_NEAR(gradient[j], (above - inner(reference::softmax(z, temperature))) / (2 * h), 1e-8);
      EXPECT_NEAR(log_gradient[j],
                  (log_above - inner(reference::log_softmax(z, temperature))) / (2 * h), 1e-8);
      z[j] = kept;
    }
  }
}

TEST(Reference, ATeacherThatIsTheLabelMakesDistillationAtTemperatureOneCrossEntropy) {
  const double huge = 1e3;
  const Row student{0.3, -1, 2}, teacher{-huge, huge, -huge};
  const auto soft =
      reference::distillation_loss({Mean::kLogits, 1, 1, 0, true}, student, {teacher}, {1}, 0);
  const auto hard =
      reference::distillation_loss({Mean::kLogits, 1, 0, 0, true}, student, {}, {}, 1);
  EXPECT_NEAR(soft.total, hard.total, 1e-12);
}

}  // namespace
}  // namespace retort::testing
