// The distillation loss. distillation_scale.h derives the scales.
#include "distillation_scale.h"
#include "loss_outputs.h"

namespace retort::conformance {
namespace {

struct LossArguments : DistillationArguments {
  explicit LossArguments(DistillationArguments shared) : DistillationArguments(std::move(shared)) {}

  LossOutputs outputs;
  bool without_teachers = false;

  retort_status call(const retort_executor* executor) {
    const std::vector<const void*> pointers = teacher_pointers();
    return implementation().distillation_loss(
        call_options(), shape.rows, shape.classes, student.data(), student.stride,
        without_teachers ? nullptr : pointers.data(),
        without_teachers ? 0 : static_cast<int64_t>(pointers.size()), teacher_stride(),
        without_teachers ? nullptr : weights_or_null(), labels.data(),
        static_cast<const float*>(row_weights.data()), outputs.gradient.data(),
        outputs.gradient.stride, outputs.row_loss_or_null(), &outputs.totals, executor);
  }
};

LossArguments draw(Trial& trial) {
  Random& random = trial.random;
  LossArguments a(draw_distillation(trial, false));
  a.without_teachers = a.options.alpha == 0 && one_in(random, 2);
  const bool in_place = one_in(random, 3);
  // Inputs may be one another, but no teacher what is written.
  if (!in_place && one_in(random, 16) && a.options.teacher_form == RETORT_LOGITS &&
      a.student.stride == a.teacher_stride())
    a.teachers[0] = a.student;
  a.outputs = draw_outputs(trial, a, in_place);
  return a;
}

JudgedRow judged_row(const LossArguments& a, int64_t row) {
  const reference::DistillationLoss expected = reference::distillation_loss(
      a.meaning(), a.student.row(row), a.teacher_rows(row), a.shares(), a.label(row));
  const naive::DistillationLoss naive =
      naive::distillation_loss(a.naive_meaning(), narrow(a.student.row(row)),
                               narrow(a.teacher_rows(row)), narrow(a.shares()), a.label(row));
  const DistillationScale scale = scale_of(a, row);
  return {{expected.gradient, expected.hard, expected.soft, expected.total},
          {widen(naive.gradient), naive.hard, naive.soft, naive.total},
          {scale.gradient, scale.hard, scale.soft, scale.total},
          scale.intermediate};
}

void run(Trial& trial) {
  LossArguments a = draw(trial);
  describe(trial, a);
  check_loss(
      trial, a, a.outputs, [&](const retort_executor* executor) { return a.call(executor); },
      [&](int64_t row) { return judged_row(a, row); });
}

const Operation kDistillationLoss("distillation_loss", run);

}  // namespace
}  // namespace retort::conformance
