// The arguments of the loss against sparse teachers, and its scales.
#pragma once

#include "distillation_scale.h"

namespace retort::conformance {

struct SparseDistillationArguments : DistillationArguments {
  retort_tail tail = RETORT_TAIL_BIN;
  int64_t k = 0;
  // In place of the dense ones: of one stride.
  std::vector<Integers> indices;
  std::vector<Matrix> values;

  int64_t sparse_stride() const { return values[0].stride; }
  std::vector<reference::SparseTeacher> sparse_rows(int64_t row) const;
  Row sparse_shares() const {
    return teacher_weights.empty() ? Row(values.size(), 1.0)
                                   : Row(teacher_weights.begin(), teacher_weights.end());
  }
};

// Of one row, without its weight and the denominator.
DistillationScale sparse_scale_of(const SparseDistillationArguments& a, int64_t row);

}  // namespace retort::conformance
