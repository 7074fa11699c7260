#include "reference.h"

#include <algorithm>
#include <cmath>

namespace retort::reference {
namespace {

double times(double probability, double logarithm) {
  return probability == 0 ? 0 : probability * logarithm;
}

// sum_j a_j * b_j with 0 * anything = 0.
double expectation(const Row& a, const Row& b) {
  double sum = 0;
  for (size_t j = 0; j < a.size(); ++j) sum += times(a[j], b[j]);
  return sum;
}

}  // namespace

Row log_softmax(const Row& logits, double temperature) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double normalizer = 0;
  for (double z : logits) normalizer += std::exp((z - largest) / temperature);
  Row log_p;
  for (double z : logits) log_p.push_back((z - largest) / temperature - std::log(normalizer));
  return log_p;
}

Row softmax(const Row& logits, double temperature) {
  Row p = log_softmax(logits, temperature);
  for (double& x : p) x = std::exp(x);
  return p;
}

Row softmax_backward(const Row& p, const Row& output_gradient, double temperature) {
  double inner = 0;
  for (size_t j = 0; j < p.size(); ++j) inner += p[j] * output_gradient[j];
  Row gradient;
  for (size_t j = 0; j < p.size(); ++j)
    gradient.push_back(p[j] * (output_gradient[j] - inner) / temperature);
  return gradient;
}

Row log_softmax_backward(const Row& log_p, const Row& output_gradient, double temperature) {
  double sum = 0;
  for (double g : output_gradient) sum += g;
  Row gradient;
  for (size_t j = 0; j < log_p.size(); ++j) {
    gradient.push_back((output_gradient[j] - std::exp(log_p[j]) * sum) / temperature);
  }
  return gradient;
}

Row mean_of_logits(const std::vector<Row>& members, const Row& weights) {
  double sum = 0;
  for (double w : weights) sum += w;
  Row mean(members[0].size(), 0.0);
  for (size_t k = 0; k < members.size(); ++k) {
    if (weights[k] == 0) continue;
    for (size_t j = 0; j < mean.size(); ++j) mean[j] += weights[k] / sum * members[k][j];
  }
  return mean;
}

Row ensemble_probabilities(const std::vector<Row>& members, const Row& weights, Mean mean,
                           double temperature) {
  if (mean == Mean::kLogits) return softmax(mean_of_logits(members, weights), temperature);
  std::vector<Row> distributions;
  for (const Row& member : members) distributions.push_back(softmax(member, temperature));
  return mean_of_logits(distributions, weights);
}

Row ensemble_log_probabilities(const std::vector<Row>& members, const Row& weights, Mean mean,
                               double temperature) {
  if (mean == Mean::kLogits) return log_softmax(mean_of_logits(members, weights), temperature);
  Row log_p = ensemble_probabilities(members, weights, mean, temperature);
  for (double& x : log_p) x = std::log(x);
  return log_p;
}

DistillationLoss distillation_loss(const DistillationOptions& options, const Row& student,
                                   const std::vector<Row>& teachers, const Row& weights,
                                   int64_t label) {
  const double temperature = options.temperature;
  const size_t classes = student.size();
  DistillationLoss loss;
  loss.gradient.assign(classes, 0.0);
  if (options.alpha > 0) {
    const Row p = ensemble_probabilities(teachers, weights, options.mean, temperature);
    const Row log_p = ensemble_log_probabilities(teachers, weights, options.mean, temperature);
    const Row log_q = log_softmax(student, temperature);
    const double scale = options.scale_by_temperature_squared ? temperature * temperature : 1;
    for (size_t j = 0; j < classes; ++j) {
      loss.soft += scale * times(p[j], log_p[j] - log_q[j]);
      loss.gradient[j] += options.alpha * scale / temperature * (std::exp(log_q[j]) - p[j]);
    }
    loss.total += options.alpha * loss.soft;
  }
  if (options.alpha < 1) {
    Row target(classes, options.label_smoothing / static_cast<double>(classes));
    target[static_cast<size_t>(label)] += 1 - options.label_smoothing;
    const Row log_s = log_softmax(student, 1);
    loss.hard = -expectation(target, log_s);
    for (size_t j = 0; j < classes; ++j) {
      loss.gradient[j] += (1 - options.alpha) * (std::exp(log_s[j]) - target[j]);
    }
    loss.total += (1 - options.alpha) * loss.hard;
  }
  return loss;
}

}  // namespace retort::reference
