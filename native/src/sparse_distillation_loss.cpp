// retort_sparse_distillation_loss: checks, then tasks of rows, then the totals in the order of the tasks.
#include "cpu/kernels.h"
#include "errors.h"
#include "sparse_distillation_arguments.h"
#include "tasks.h"

retort_sparse_distillation_loss_options retort_sparse_distillation_loss_options_default(void) {
  retort_sparse_distillation_loss_options options{};
  options.loss = retort_distillation_loss_options_default();
  options.loss.mean = RETORT_MEAN_OF_PROBABILITIES;
  options.loss.teacher_form = RETORT_LOG_PROBABILITIES;
  options.tail = RETORT_TAIL_BIN;
  return options;
}

retort_status retort_sparse_distillation_loss(
    const retort_sparse_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const int32_t* const* teacher_indices,
    const float* const* teacher_values, int64_t teacher_count, int64_t teacher_stride, int64_t k,
    const float* teacher_weights, const void* labels, const float* row_weights, void* gradient,
    int64_t gradient_stride, float* row_loss, retort_distillation_totals* totals,
    const retort_executor* executor) {
  using namespace retort;
  SparseDistillationArguments checked;
  RETORT_CHECK(checked.set(options, rows, classes, student, student_stride, teacher_indices,
                           teacher_values, teacher_count, teacher_stride, k, teacher_weights,
                           labels, row_weights, gradient, gradient_stride, row_loss,
                           DistillationArguments::Labels::kOnHost));
  if (checked.has_soft())
    RETORT_CHECK(checked.teachers().check_indices(checked.loss(), classes, executor));
  const SparseDistillationLossRows arguments{
      checked.loss().rows(),
      checked.teachers().teachers(options->loss.teacher_form),
      options->tail,
      {gradient, gradient_stride},
      row_loss};
  const RowTasks tasks(rows, classes);
  LossSums sums[RowTasks::kMostTasks];
  run_tasks(executor, tasks.count, [&](int64_t task) {
    sums[task] = kernels().sparse_distillation_loss(arguments, tasks.first(task), tasks.end(task));
  });
  if (totals != nullptr) checked.loss().write_totals(sums, tasks.count, totals);
  return RETORT_OK;
}
