// What every operation means: plain loops in double precision, straight from the formulas in retort.h.
// Every other implementation is tested against these.
//
// A guard in place of `#pragma once`: the conformance suite includes this a second time, in f32.
#ifndef RETORT_REFERENCE_REFERENCE_H
#define RETORT_REFERENCE_REFERENCE_H

#include <cstdint>
#include <vector>

namespace retort::reference {

using Row = std::vector<double>;

// softmax(logits / temperature), with 0 for a class at -inf; NaN throughout for a row without a
// distribution.
Row softmax(const Row& logits, double temperature);
Row log_softmax(const Row& logits, double temperature);
Row softmax_backward(const Row& p, const Row& output_gradient, double temperature);
Row log_softmax_backward(const Row& log_p, const Row& output_gradient, double temperature);

enum class Mean { kLogits, kProbabilities };

// The weighted mean of logits; the weights are divided by their sum, and a weight of 0 leaves its
// member out.
Row mean_of_logits(const std::vector<Row>& members, const Row& weights);
// The distribution of the ensemble at a temperature, and its logarithm.
Row ensemble_probabilities(const std::vector<Row>& members, const Row& weights, Mean mean,
                           double temperature);
Row ensemble_log_probabilities(const std::vector<Row>& members, const Row& weights, Mean mean,
                               double temperature);

// Either a row as it is, or its logarithms: what the teachers may be given as.
enum class Form { kLogits, kProbabilities, kLogProbabilities };
enum class Divergence {
  kForwardKl,
  kReverseKl,
  kJensenShannon,
  kTotalVariation,
  kSquaredError,
  kDecoupled,
  kNormalized
};
enum class SoftValue { kKlOfMean, kMeanOfKl, kCrossEntropy };

// As retort_distillation_loss_options.
struct DistillationOptions {
  Mean mean = Mean::kLogits;
  double temperature = 1;
  double alpha = 0.5;
  double label_smoothing = 0;
  bool scale_by_temperature_squared = true;
  Divergence divergence = Divergence::kForwardKl;
  SoftValue soft_value = SoftValue::kKlOfMean;
  Form teacher_form = Form::kLogits;
  Row teacher_temperatures = {};  // empty: the temperature
  bool standardize_logits = false;
  double standardize_epsilon = 1e-7;
  double beta = 0.5;
  double target_weight = 1;
  double non_target_weight = 1;
};

struct DistillationLoss {
  double hard = 0;
  double soft = 0;
  double total = 0;
  Row gradient;
};

// (z - mean) / (epsilon + deviation) over the classes that are not masked, and the gradient on z for a
// gradient on the result.
Row standardized(const Row& logits, double epsilon);
Row standardized_backward(const Row& logits, double epsilon, const Row& gradient);

// One row, weight 1. A part whose weight is 0 is 0.
DistillationLoss distillation_loss(const DistillationOptions& options, const Row& student,
                                   const std::vector<Row>& teachers, const Row& weights,
                                   int64_t label);

// The gradient of <gradient on the student's logits, tangent> on each teacher's logits, by central
// differences: to about 1e-9 of the gradient's size at logits of a few units.
std::vector<Row> distillation_tangent(const DistillationOptions& options, const Row& student,
                                      std::vector<Row> teachers, const Row& weights, int64_t label,
                                      const Row& tangent);

}  // namespace retort::reference

#endif
