// retort_distillation_tangent: checks, then tasks of rows.
#include <algorithm>
#include <cstring>

#include "cpu/kernels.h"
#include "distillation_arguments.h"
#include "errors.h"
#include "tasks.h"

namespace retort {
namespace {

// Every output as an array of those that count, in the order of the members, or of all where none counts.
struct TeacherGradients {
  void* pointers[kMostMembers];

  // Checks each against every other argument.
  retort_status set(const DistillationArguments& checked, MatrixArgument tangent,
                    void* const* gradients, int64_t count, int64_t stride) {
    if (gradients == nullptr)
      return fail(RETORT_INVALID_ARGUMENT, "teacher_gradients must not be null");
    const MatrixArgument& student = checked.student();
    for (int64_t k = 0; k < count; ++k) {
      const MatrixArgument out{"teacher gradient", student.dtype,   gradients[k],
                               student.rows,       student.columns, stride};
      RETORT_CHECK(check_matrix(out));
      RETORT_CHECK(check_apart(out, student));
      RETORT_CHECK(count == 1 ? check_no_partial_overlap(out, tangent) : check_apart(out, tangent));
      RETORT_CHECK(checked.teachers().check_against(out, false));
      RETORT_CHECK(checked.check_apart_from_labels(out));
      for (int64_t other = 0; other < k; ++other) {
        RETORT_CHECK(check_apart(out, {"teacher gradient", student.dtype, gradients[other],
                                       student.rows, student.columns, stride}));
      }
    }
    for (int64_t k = 0; k < checked.teachers().logits().count; ++k) {
      pointers[k] = gradients[checked.teachers().place(k)];
    }
    return RETORT_OK;
  }
};

void write_zeros(const MatrixArgument& shape, void* data, int64_t stride) {
  const int64_t size = size_of(shape.dtype);
  for (int64_t row = 0; row < shape.rows; ++row) {
    std::memset(static_cast<char*>(data) + row * stride * size, 0,
                static_cast<size_t>(shape.columns * size));
  }
}

}  // namespace
}  // namespace retort

retort_status retort_distillation_tangent(const retort_distillation_loss_options* options,
                                          int64_t rows, int64_t classes, const void* student,
                                          int64_t student_stride, const void* const* teachers,
                                          int64_t teacher_count, int64_t teacher_stride,
                                          const float* teacher_weights, const void* labels,
                                          const float* row_weights, const void* tangent,
                                          int64_t tangent_stride, void* const* teacher_gradients,
                                          int64_t teacher_gradient_stride,
                                          const retort_executor* executor) {
  using namespace retort;
  DistillationArguments checked;
  RETORT_CHECK(checked.set(options, rows, classes, student, student_stride, teachers, teacher_count,
                           teacher_stride, teacher_weights, labels, row_weights));
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
  TeacherGradients gradients;
  RETORT_CHECK(
      gradients.set(checked, u, teacher_gradients, teacher_count, teacher_gradient_stride));

  const MemberLogits members = checked.teachers().logits();
  // Without a row the classes may be any number, and their product too large for one.
  const int64_t columns = std::min(classes, INT64_MAX / kMostMembers);
  const RowTasks tasks(rows, columns * std::max<int64_t>(members.count, 1));
  const DistillationTangentRows arguments{
      checked.rows(), {tangent, tangent_stride}, gradients.pointers, teacher_gradient_stride};
  for (int64_t k = 0, counted = 0; k < teacher_count; ++k) {
    if (counted < members.count && checked.teachers().place(counted) == k) {
      ++counted;
    } else {
      write_zeros(checked.student(), teacher_gradients[k], teacher_gradient_stride);
    }
  }
  if (members.count == 0) return RETORT_OK;
  run_tasks(executor, tasks.count, [&](int64_t task) {
    kernels().distillation_tangent(arguments, tasks.first(task), tasks.end(task));
  });
  return RETORT_OK;
}
