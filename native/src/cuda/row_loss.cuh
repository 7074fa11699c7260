// What one row's loss is told as.
#pragma once

#include "parameters.h"

namespace retort::cuda {

// `loss`: both parts, unweighted. Where the row counts nothing its loss is 0, whatever its parts.
__device__ inline void report_loss(const DistillationParameters& a, int64_t row, LossSums loss,
                                   double weight) {
  const double alpha = static_cast<double>(a.options.alpha);
  const double soft = alpha > 0 ? alpha * loss.soft : 0;
  const double hard = alpha < 1 ? (1 - alpha) * loss.hard : 0;
  if (a.row_loss != nullptr)
    a.row_loss[row] = weight == 0 ? 0 : static_cast<float>(weight * (soft + hard));
  if (a.row_sums != nullptr) {
    a.row_sums[row] = {weight == 0 ? 0 : weight * loss.hard, weight == 0 ? 0 : weight * loss.soft};
  }
}

}  // namespace retort::cuda
