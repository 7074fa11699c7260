// retort_cuda_distillation_loss: checks and launches.
#include "arguments.h"
#include "distillation_arguments.h"
#include "distillation_loss_launch.cuh"
#include "launch.cuh"
#include "loss_totals.cuh"
#include "members.cuh"
#include "retort/cuda.h"

retort_status retort::cuda::launch_distillation_loss_of_options(const DistillationParameters& a,
                                                                void* stream) {
  return with_element(a.options.dtype, [&](auto element) {
    return launch_distillation_loss<decltype(element)>(a, stream);
  });
}

retort_status retort_cuda_distillation_loss(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const void* const* teachers, int64_t teacher_count,
    int64_t teacher_stride, const float* teacher_weights, const void* labels,
    const float* row_weights, void* gradient, int64_t gradient_stride, float* row_loss,
    retort_distillation_totals* totals, void* workspace, void* stream) {
  using namespace retort;
  using namespace retort::cuda;
  DistillationArguments checked;
  RETORT_CHECK(checked.set(options, rows, classes, student, student_stride, teachers, teacher_count,
                           teacher_stride, teacher_weights, labels, row_weights,
                           DistillationArguments::Labels::kOnDevice));
  RETORT_CHECK(checked.check_outputs(gradient, gradient_stride, row_loss));
  RETORT_CHECK(check_classes(classes));
  RETORT_CHECK(check_workspace(workspace, true));
  const Workspace lent(workspace, rows);
  const DistillationRows of = checked.rows();
  DistillationParameters a{};
  set_rows(of, rows, &a);
  a.gradient = {gradient, gradient_stride};
  a.row_loss = row_loss;
  a.row_sums = totals == nullptr ? nullptr : lent.row_sums();
  RETORT_CHECK(pass_members(of.teachers, nullptr, nullptr, lent, stream, &a.teachers));
  RETORT_CHECK(set_scale(totals != nullptr, lent, stream, &a));
  RETORT_CHECK(launch_distillation_loss_of_options(a, stream));
  return totals == nullptr ? RETORT_OK : find_totals(a, lent, totals, stream);
}
