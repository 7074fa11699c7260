// retort_distillation_loss: checks, then tasks of rows, then the totals in the order of the tasks.
#include "distillation_loss.h"

#include "distillation_arguments.h"
#include "errors.h"
#include "tasks.h"

namespace retort {
namespace {

// A processor's last cache holds some tens of MB at the most for each core that shares it; what a call reads and
// writes beyond that finds no room there. Over the student's own logits the lines are in the cache already.
constexpr double kBytesPastTheCache = 64e6;

bool streams(const DistillationArguments& checked, const void* gradient) {
  const MatrixArgument& student = checked.student();
  const double matrices = static_cast<double>(checked.teachers().logits().count) + 2;
  const double element = checked.options().dtype == RETORT_F32 ? 4 : 2;
  const double bytes =
      matrices * element * static_cast<double>(student.rows) * static_cast<double>(student.columns);
  return gradient != nullptr && gradient != student.data && bytes > kBytesPastTheCache;
}

}  // namespace

LossSums sum_distillation_loss(const DistillationLossRows& arguments, int64_t rows,
                               const retort_executor* executor) {
  const RowTasks tasks(rows, arguments.rows.classes);
  LossSums sums[RowTasks::kMostTasks];
  run_tasks(executor, tasks.count, [&](int64_t task) {
    sums[task] = kernels().distillation_loss(arguments, tasks.first(task), tasks.end(task));
  });
  LossSums sum{0, 0};
  for (int64_t task = 0; task < tasks.count; ++task) {
    sum.hard += sums[task].hard;
    sum.soft += sums[task].soft;
  }
  return sum;
}

}  // namespace retort

retort_status retort_distillation_loss(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const void* const* teachers, int64_t teacher_count,
    int64_t teacher_stride, const float* teacher_weights, const void* labels,
    const float* row_weights, void* gradient, int64_t gradient_stride, float* row_loss,
    retort_distillation_totals* totals, const retort_executor* executor) {
  using namespace retort;
  DistillationArguments checked;
  RETORT_CHECK(checked.set(options, rows, classes, student, student_stride, teachers, teacher_count,
                           teacher_stride, teacher_weights, labels, row_weights));
  RETORT_CHECK(checked.check_outputs(gradient, gradient_stride, row_loss));
  const DistillationLossRows arguments{checked.rows(),
                                       {gradient, gradient_stride},
                                       row_loss,
                                       totals != nullptr,
                                       streams(checked, gradient)};
  const LossSums sums = sum_distillation_loss(arguments, rows, executor);
  if (totals != nullptr) checked.write_totals(&sums, 1, totals);
  return RETORT_OK;
}
