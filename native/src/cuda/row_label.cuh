// The label and the weight of a row.
#pragma once

#include "arch.cuh"
#include "parameters.h"

namespace retort::cuda {

// What a row counts, and for which class. Labels and weights on the device cannot be refused: one that is out of
// its range makes its row NaN.
struct RowLabel {
  double weight;  // 0 where the row is ignored
  int label;      // 0 where there is none
  bool ignored;

  __device__ RowLabel(const DistillationParameters& a, int64_t row)
      : weight(weight_of(a, row)), label(0), ignored(false) {
    if (a.labels == nullptr) return;
    const int64_t own = a.options.label_type == RETORT_LABELS_I64
                            ? static_cast<const int64_t*>(a.labels)[row]
                            : static_cast<const int32_t*>(a.labels)[row];
    ignored = own == a.options.ignore_index;
    const bool in_range = own >= 0 && own < a.classes;
    if (in_range) label = static_cast<int>(own);
    if (ignored) {
      weight = 0;
    } else if (!in_range) {
      weight = NAN;
    }
  }

 private:
  __device__ static double weight_of(const DistillationParameters& a, int64_t row) {
    if (a.row_weights == nullptr) return 1;
    const float weight = a.row_weights[row];
    return weight >= 0 && weight < HUGE_VALF ? static_cast<double>(weight) : NAN;
  }
};

// What a row's weight is multiplied by: 1 / denominator.
__device__ inline double scale_of_rows(const DistillationParameters& a) {
  return a.denominator == nullptr ? a.gradient_scale : a.denominator->scale;
}

}  // namespace retort::cuda
