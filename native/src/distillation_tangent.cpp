// retort_distillation_tangent: checks, then tasks of rows.
#include <algorithm>
#include <cstring>

#include "cpu/kernels.h"
#include "distillation_tangent_arguments.h"
#include "errors.h"
#include "tasks.h"

namespace retort {
namespace {

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
  DistillationTangentArguments checked;
  RETORT_CHECK(checked.set(options, rows, classes, student, student_stride, teachers, teacher_count,
                           teacher_stride, teacher_weights, labels, row_weights, tangent,
                           tangent_stride, teacher_gradients, teacher_gradient_stride,
                           DistillationArguments::Labels::kOnHost));
  const MemberLogits members = checked.loss().teachers().logits();
  // Without a row the classes may be any number, and their product too large for one.
  const int64_t columns = std::min(classes, INT64_MAX / kMostMembers);
  const RowTasks tasks(rows, columns * std::max<int64_t>(members.count, 1));
  const DistillationTangentRows arguments{checked.loss().rows(),
                                          {tangent, tangent_stride},
                                          checked.gradients(),
                                          teacher_gradient_stride};
  RETORT_CHECK(checked.for_each_idle_gradient([&](void* gradient) {
    write_zeros(checked.loss().student(), gradient, teacher_gradient_stride);
    return RETORT_OK;
  }));
  if (members.count == 0) return RETORT_OK;
  run_tasks(executor, tasks.count, [&](int64_t task) {
    kernels().distillation_tangent(arguments, tasks.first(task), tasks.end(task));
  });
  return RETORT_OK;
}
