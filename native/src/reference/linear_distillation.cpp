#include "linear_distillation.h"

namespace retort::reference {

Row linear_logits(const LinearLayer& layer, size_t row) {
  Row logits = layer.bias;
  for (size_t j = 0; j < logits.size(); ++j) {
    for (size_t h = 0; h < layer.hidden_size; ++h) {
      logits[j] +=
          layer.hidden[row * layer.hidden_size + h] * layer.weights[j * layer.hidden_size + h];
    }
  }
  return logits;
}

LinearDistillation linear_distillation(const DistillationOptions& options,
                                       const LinearLayer& student,
                                       const std::vector<LinearLayer>& teachers,
                                       const Row& teacher_weights,
                                       const std::vector<int64_t>& labels, const Row& row_weights,
                                       double denominator) {
  const size_t width = student.hidden_size, classes = student.bias.size();
  const double scale = denominator > 0 ? 1 / denominator : 0;
  LinearDistillation result;
  result.row_loss.assign(labels.size(), 0.0);
  result.hidden_gradient.assign(student.hidden.size(), 0.0);
  result.weights_gradient.assign(student.weights.size(), 0.0);
  result.bias_gradient.assign(classes, 0.0);
  for (size_t i = 0; i < labels.size(); ++i) {
    const double weight = row_weights[i];
    if (weight == 0) continue;
    std::vector<Row> seen;
    for (const LinearLayer& teacher : teachers) seen.push_back(linear_logits(teacher, i));
    const DistillationLoss loss =
        distillation_loss(options, linear_logits(student, i), seen, teacher_weights, labels[i]);
    result.row_loss[i] = weight * loss.total;
    result.hard += weight * scale * loss.hard;
    result.soft += weight * scale * loss.soft;
    result.total += weight * scale * loss.total;
    for (size_t j = 0; j < classes; ++j) {
      const double slope = weight * scale * loss.gradient[j];
      result.bias_gradient[j] += slope;
      for (size_t h = 0; h < width; ++h) {
        result.hidden_gradient[i * width + h] += slope * student.weights[j * width + h];
        result.weights_gradient[j * width + h] += slope * student.hidden[i * width + h];
      }
    }
  }
  return result;
}

}  // namespace retort::reference
