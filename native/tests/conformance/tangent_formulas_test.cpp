// The formulas that the tangent is compared with are the reference's own differences.
#include "tangent_formulas.h"

#include <gtest/gtest.h>

#include <random>

namespace retort::conformance {
namespace {

TEST(TangentFormulas, AreTheReferencesDifferences) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal(0, 1.5);
  const auto drawn = [&](size_t classes) {
    reference::Row row;
    for (size_t j = 0; j < classes; ++j) row.push_back(normal(random));
    return row;
  };
  for (int trial = 0; trial < 300; ++trial) {
    SCOPED_TRACE(trial);
    const size_t classes = 3 + random() % 9, count = 1 + random() % 3;
    reference::DistillationOptions options;
    options.mean = static_cast<reference::Mean>(random() % 2);
    options.divergence = static_cast<reference::Divergence>(trial % 7);
    options.temperature = 0.5 + static_cast<double>(random() % 4);
    options.beta = static_cast<double>(random() % 5) / 4;
    options.target_weight = 1.5;
    options.non_target_weight = 3;
    options.scale_by_temperature_squared = random() % 2 == 0;
    options.standardize_logits =
        options.divergence != reference::Divergence::kNormalized && random() % 3 == 0;
    const reference::Row student = drawn(classes), tangent = drawn(classes);
    std::vector<reference::Row> teachers;
    reference::Row weights;
    for (size_t k = 0; k < count; ++k) {
      teachers.push_back(drawn(classes));
      weights.push_back(static_cast<double>(1 + random() % 3));
      if (trial % 2) options.teacher_temperatures.push_back(1 + static_cast<double>(k));
    }
    const auto label = static_cast<int64_t>(random() % classes);
    const auto differences =
        reference::distillation_tangent(options, student, teachers, weights, label, tangent);
    const auto formulas =
        TangentFormulas<double>::gradients(options, student, teachers, weights, label, tangent);
    for (size_t k = 0; k < count; ++k) {
      for (size_t j = 0; j < classes; ++j)
        EXPECT_NEAR(formulas[k][j], differences[k][j], 1e-6) << "teacher " << k << ", class " << j;
    }
  }
}

}  // namespace
}  // namespace retort::conformance
