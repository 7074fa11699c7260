// What linear distillation means: the logits of all layers, the loss of every row, and the chain rule.
#pragma once

#include <stddef.h>

#include "reference.h"

namespace retort::reference {

// logits = hidden * weights^T + bias. Matrices are row-major and without gaps.
struct LinearLayer {
  size_t hidden_size = 0;
  Row hidden;   // [rows, hidden_size]
  Row weights;  // [classes, hidden_size]
  Row bias;     // [classes]
};

struct LinearDistillation {
  double hard = 0;  // the sums over the rows / denominator
  double soft = 0;
  double total = 0;
  Row row_loss;
  Row hidden_gradient;
  Row weights_gradient;
  Row bias_gradient;
};

// The logits of one row.
Row linear_logits(const LinearLayer& layer, size_t row);

// There is one label and one weight a row; a row of weight 0 is ignored.
LinearDistillation linear_distillation(const DistillationOptions& options,
                                       const LinearLayer& student,
                                       const std::vector<LinearLayer>& teachers,
                                       const Row& teacher_weights,
                                       const std::vector<int64_t>& labels, const Row& row_weights,
                                       double denominator);

}  // namespace retort::reference
