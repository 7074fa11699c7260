// retort_cuda_sparse_distillation_loss: checks and launches.
#include "sparse_distillation_loss.cuh"

#include "arguments.h"
#include "launch.cuh"
#include "loss_totals.cuh"
#include "members.cuh"
#include "retort/cuda.h"
#include "sparse_distillation_arguments.h"

retort_status retort_cuda_sparse_distillation_loss(
    const retort_sparse_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const int32_t* const* teacher_indices,
    const float* const* teacher_values, int64_t teacher_count, int64_t teacher_stride, int64_t k,
    const float* teacher_weights, const void* labels, const float* row_weights, void* gradient,
    int64_t gradient_stride, float* row_loss, retort_distillation_totals* totals, void* workspace,
    void* stream) {
  using namespace retort;
  using namespace retort::cuda;
  SparseDistillationArguments checked;
  RETORT_CHECK(checked.set(options, rows, classes, student, student_stride, teacher_indices,
                           teacher_values, teacher_count, teacher_stride, k, teacher_weights,
                           labels, row_weights, gradient, gradient_stride, row_loss,
                           DistillationArguments::Labels::kOnDevice));
  RETORT_CHECK(check_classes(classes));
  RETORT_CHECK(check_workspace(workspace, true));
  const Workspace lent(workspace, rows);
  const DistillationRows of = checked.loss().rows();
  const SparseTeachers teachers = checked.teachers().teachers(options->loss.teacher_form);
  SparseDistillationParameters a{};
  set_rows(of, rows, &a);
  a.gradient = {gradient, gradient_stride};
  a.row_loss = row_loss;
  a.row_sums = totals == nullptr ? nullptr : lent.row_sums();
  a.tail = options->tail;
  a.k = static_cast<int>(teachers.k);
  RETORT_CHECK(pass_members(teachers.values, nullptr, teachers.indices, lent, stream, &a.teachers));
  RETORT_CHECK(set_scale(totals != nullptr, lent, stream, &a));
  const size_t entry_bytes = SparseEntries::bytes(a.teachers.count, a.teachers.count * a.k);
  RETORT_CHECK(with_element(options->loss.dtype, [&](auto element) {
    using Element = decltype(element);
    return launch_blocks<SparseTeacherRow::Team>(cuda::sparse_distillation_loss<Element>, a,
                                                 entry_bytes, stream);
  }));
  return totals == nullptr ? RETORT_OK : find_totals(a, lent, totals, stream);
}
