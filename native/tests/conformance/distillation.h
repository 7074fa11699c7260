// The arguments that the distillation losses and the tangent share.
#pragma once

#include "implementation.h"
#include "naive.h"
#include "operation.h"
#include "rows.h"

namespace retort::conformance {

struct DistillationArguments {
  retort_distillation_loss_options options = retort_distillation_loss_options_default();
  Shape shape{};
  Matrix student;
  std::vector<Matrix> teachers;  // of one stride
  // What a logit was summed from while it was scaled, in magnitudes; empty: logits are given as they are.
  std::vector<Matrix> teacher_terms;
  std::vector<float> teacher_weights;       // empty: null
  std::vector<float> teacher_temperatures;  // empty: null
  Integers labels;                          // empty: null
  Matrix row_weights;                       // [1, rows], or empty: null

  // Points the options to the temperatures; then the options may be given to a call.
  const retort_distillation_loss_options* call_options() {
    options.teacher_temperatures =
        teacher_temperatures.empty() ? nullptr : teacher_temperatures.data();
    return &options;
  }
  std::vector<const void*> teacher_pointers() const {
    std::vector<const void*> pointers;
    for (const Matrix& teacher : teachers) pointers.push_back(teacher.data());
    return pointers;
  }
  const float* weights_or_null() const {
    return teacher_weights.empty() ? nullptr : teacher_weights.data();
  }
  int64_t teacher_stride() const { return teachers.empty() ? 0 : teachers[0].stride; }

  bool ignored(int64_t row) const {
    return labels.buffer && labels.values[static_cast<size_t>(row)] == options.ignore_index;
  }
  // 0 where the row is ignored.
  double weight(int64_t row) const {
    if (ignored(row)) return 0;
    return row_weights.buffer ? row_weights.at(0, row) : 1.0;
  }
  // Of a divergence that needs none the label may be any.
  int64_t label(int64_t row) const {
    return labels.buffer ? labels.values[static_cast<size_t>(row)] : 0;
  }
  double denominator() const;
  // What a row counts in gradients.
  double share(int64_t row) const { return denominator() > 0 ? weight(row) / denominator() : 0; }

  std::vector<Row> teacher_rows(int64_t row) const;
  Row shares() const;
  double soft_scale() const {
    const double temperature = options.temperature;
    return options.scale_by_temperature_squared ? temperature * temperature : 1.0;
  }

  reference::DistillationOptions meaning() const;
  naive::DistillationOptions naive_meaning() const;
};

void draw_options(Random& random, int64_t teachers, retort_distillation_loss_options& options);
// Whether there are any is drawn too; the options and the shape are before.
void draw_labels(Trial& trial, DistillationArguments& a);
void draw_row_weights(Trial& trial, DistillationArguments& a);
// Everything but what is written. `tangent`: only what the tangent takes too, which is less.
DistillationArguments draw_distillation(Trial& trial, bool tangent);
void describe(Trial& trial, const DistillationArguments& arguments);

}  // namespace retort::conformance
