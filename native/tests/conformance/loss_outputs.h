// What a distillation loss writes, dense or sparse: gradient, loss of each row and totals, and their judgement.
#pragma once

#include <functional>

#include "distillation.h"

namespace retort::conformance {

struct LossOutputs {
  Matrix gradient;             // or empty: null
  Matrix row_loss;             // [1, rows], or empty: null
  std::vector<Matrix> others;  // what is written besides
  retort_distillation_totals totals{};

  float* row_loss_or_null() const { return static_cast<float*>(row_loss.data()); }
};

// The losses of a row, or of the scales that distillation_scale.h has of them.
struct Losses {
  Row gradient;
  double hard = 0, soft = 0, total = 0;
};

// A row of weight 1, before the denominator.
struct JudgedRow {
  Losses expected;
  Losses naive;
  Losses scale;
  double intermediate = 0;  // the largest number on the way
};

// `in_place`: the gradient is written over the student.
LossOutputs draw_outputs(Trial& trial, const DistillationArguments& a, bool in_place);

// Makes the call, which writes the outputs, and judges them; `row` computes what a row of any weight but 0
// must be.
void check_loss(Trial& trial, const DistillationArguments& a, LossOutputs& outputs,
                const std::function<retort_status(const retort_executor*)>& call,
                const std::function<JudgedRow(int64_t row)>& row);

}  // namespace retort::conformance
