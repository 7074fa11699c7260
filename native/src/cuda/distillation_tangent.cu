// retort_cuda_distillation_tangent: checks and launches.
#include "distillation_tangent_arguments.h"

#include "arguments.h"
#include "distillation_tangent_launch.cuh"
#include "launch.cuh"
#include "loss_totals.cuh"
#include "members.cuh"
#include "retort/cuda.h"

namespace retort::cuda {
namespace {

constexpr int kZeroThreads = 256;

// A block a row at a time.
template <typename Element>
__global__ void __launch_bounds__(kZeroThreads)
    write_zeros(int64_t rows, int64_t classes, Element* matrix, int64_t stride) {
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    for (int64_t j = threadIdx.x; j < classes; j += kZeroThreads) matrix[row * stride + j] = {};
  }
}

// For a teacher that does not count.
retort_status launch_zeros(const MatrixArgument& shape, void* matrix, int64_t stride,
                           void* stream) {
  if (shape.rows == 0) return RETORT_OK;
  constexpr int64_t kMostBlocks = int64_t{1} << 30;
  return with_element(shape.dtype, [&](auto element) {
    using Element = decltype(element);
    return launch(write_zeros<Element>, {std::min(shape.rows, kMostBlocks), kZeroThreads, 1, 0},
                  stream, shape.rows, shape.columns, static_cast<Element*>(matrix), stride);
  });
}

}  // namespace
}  // namespace retort::cuda

retort_status retort_cuda_distillation_tangent(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const void* const* teachers, int64_t teacher_count,
    int64_t teacher_stride, const float* teacher_weights, const void* labels,
    const float* row_weights, const void* tangent, int64_t tangent_stride,
    void* const* teacher_gradients, int64_t teacher_gradient_stride, void* workspace,
    void* stream) {
  using namespace retort;
  using namespace retort::cuda;
  DistillationTangentArguments checked;
  RETORT_CHECK(checked.set(options, rows, classes, student, student_stride, teachers, teacher_count,
                           teacher_stride, teacher_weights, labels, row_weights, tangent,
                           tangent_stride, teacher_gradients, teacher_gradient_stride,
                           DistillationArguments::Labels::kOnDevice));
  RETORT_CHECK(check_classes(classes));
  RETORT_CHECK(check_workspace(workspace, true));
  RETORT_CHECK(checked.for_each_idle_gradient([&](void* gradient) {
    return launch_zeros(checked.loss().student(), gradient, teacher_gradient_stride, stream);
  }));
  const DistillationRows of = checked.loss().rows();
  if (of.teachers.count == 0) return RETORT_OK;
  const Workspace lent(workspace, rows);
  DistillationTangentParameters a{};
  set_rows(of, rows, &a);
  a.tangent = {tangent, tangent_stride};
  a.teacher_gradient_stride = teacher_gradient_stride;
  RETORT_CHECK(pass_members(of.teachers, checked.gradients(), nullptr, lent, stream, &a.teachers));
  RETORT_CHECK(set_scale(false, lent, stream, &a));
  return with_element(options->dtype, [&](auto element) {
    return launch_distillation_tangent<decltype(element)>(a, stream);
  });
}
