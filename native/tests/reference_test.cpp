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

TEST(Reference, TheDistillationGradientIsTheLossesSlope) {
  std::mt19937_64 random(1);
  for (const Mean mean : {Mean::kLogits, Mean::kProbabilities}) {
    for (const double temperature : {0.7, 1.0, 4.0}) {
      for (const double alpha : {0.0, 0.4, 1.0}) {
        reference::DistillationOptions options{mean, temperature, alpha, 0.1, temperature > 1};
        Row student = random_row(random, 6);
        const std::vector<Row> teachers{random_row(random, 6), random_row(random, 6)};
        const Row weights{1, 3};
        const auto loss = reference::distillation_loss(options, student, teachers, weights, 2);
        for (size_t j = 0; j < 6; ++j) {
          const double h = 1e-5, kept = student[j];
          student[j] = kept + h;
          const double above =
              reference::distillation_loss(options, student, teachers, weights, 2).total;
          student[j] = kept - h;
          const double below =
              reference::distillation_loss(options, student, teachers, weights, 2).total;
          student[j] = kept;
          EXPECT_NEAR(loss.gradient[j], (above - below) / (2 * h), 1e-8);
        }
      }
    }
  }
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
