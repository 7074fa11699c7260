#include "distillation_tangent_arguments.h"

namespace retort {

retort_status DistillationTangentArguments::set(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const void* const* teachers, int64_t teacher_count,
    int64_t teacher_stride, const float* teacher_weights, const void* labels,
    const float* row_weights, const void* tangent, int64_t tangent_stride,
    void* const* teacher_gradients, int64_t teacher_gradient_stride,
    DistillationArguments::Labels where) {
  RETORT_CHECK(loss_.set(options, rows, classes, student, student_stride, teachers, teacher_count,
                         teacher_stride, teacher_weights, labels, row_weights, where));
  if (options->teacher_form == RETORT_PROBABILITIES) {
    return fail(RETORT_INVALID_ARGUMENT,
                "teacher_form must not be RETORT_PROBABILITIES (1) for the tangent");
  }
  if (teacher_count < 1 || teacher_count > kMostMembers) {
    return fail(RETORT_INVALID_ARGUMENT, "teacher count must be in [1, %lld], got %lld",
                static_cast<long long>(kMostMembers), static_cast<long long>(teacher_count));
  }
  const MatrixArgument u{"tangent", options->dtype, tangent, rows, classes, tangent_stride};
  RETORT_CHECK(check_matrix(u));
  if (teacher_gradients == nullptr)
    return fail(RETORT_INVALID_ARGUMENT, "teacher_gradients must not be null");
  teacher_count_ = teacher_count;
  all_gradients_ = teacher_gradients;
  return set_gradients(u, teacher_gradient_stride);
}

// Checks each against every other argument.
retort_status DistillationTangentArguments::set_gradients(const MatrixArgument& tangent,
                                                          int64_t stride) {
  const MatrixArgument& student = loss_.student();
  for (int64_t k = 0; k < teacher_count_; ++k) {
    const MatrixArgument out{"teacher gradient", student.dtype,   all_gradients_[k],
                             student.rows,       student.columns, stride};
    RETORT_CHECK(check_matrix(out));
    RETORT_CHECK(check_apart(out, student));
    RETORT_CHECK(teacher_count_ == 1 ? check_no_partial_overlap(out, tangent)
                                     : check_apart(out, tangent));
    RETORT_CHECK(loss_.teachers().check_against(out, false));
    RETORT_CHECK(loss_.check_apart_from_labels(out));
    for (int64_t other = 0; other < k; ++other) {
      RETORT_CHECK(check_apart(out, {"teacher gradient", student.dtype, all_gradients_[other],
                                     student.rows, student.columns, stride}));
    }
  }
  for (int64_t k = 0; k < loss_.teachers().logits().count; ++k) {
    gradients_[k] = all_gradients_[loss_.teachers().place(k)];
  }
  return RETORT_OK;
}

}  // namespace retort
