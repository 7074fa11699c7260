// The CUDA library as the conformance suite sees it: its own library, or the same sources over the emulation.
#include <algorithm>
#include <memory>

#include "conformance/implementation.h"
#include "device_cublas.h"
#include "device_memory.h"
#include "retort/cuda.h"
#include "retort/cuda_linear_distillation.h"

namespace retort::conformance {
namespace {

// As large as the operation says, so that what it touches beyond is found.
using Lent = std::unique_ptr<void, decltype(&device_release)>;
Lent lend(size_t bytes) { return {device_allocate(bytes), &device_release}; }
Lent workspace(int64_t rows, int64_t members) { return lend(retort_cuda_workspace(rows, members)); }

retort_status softmax(retort_dtype dtype, int64_t rows, int64_t classes, const void* logits,
                      int64_t logits_stride, float temperature, void* output, int64_t output_stride,
                      const retort_executor*) {
  return retort_cuda_softmax(dtype, rows, classes, logits, logits_stride, temperature, output,
                             output_stride, nullptr);
}

retort_status log_softmax(retort_dtype dtype, int64_t rows, int64_t classes, const void* logits,
                          int64_t logits_stride, float temperature, void* output,
                          int64_t output_stride, const retort_executor*) {
  return retort_cuda_log_softmax(dtype, rows, classes, logits, logits_stride, temperature, output,
                                 output_stride, nullptr);
}

retort_status softmax_backward(retort_dtype dtype, int64_t rows, int64_t classes,
                               const void* output, int64_t output_stride,
                               const void* output_gradient, int64_t output_gradient_stride,
                               float temperature, void* logits_gradient,
                               int64_t logits_gradient_stride, const retort_executor*) {
  return retort_cuda_softmax_backward(dtype, rows, classes, output, output_stride, output_gradient,
                                      output_gradient_stride, temperature, logits_gradient,
                                      logits_gradient_stride, nullptr);
}

retort_status log_softmax_backward(retort_dtype dtype, int64_t rows, int64_t classes,
                                   const void* output, int64_t output_stride,
                                   const void* output_gradient, int64_t output_gradient_stride,
                                   float temperature, void* logits_gradient,
                                   int64_t logits_gradient_stride, const retort_executor*) {
  return retort_cuda_log_softmax_backward(dtype, rows, classes, output, output_stride,
                                          output_gradient, output_gradient_stride, temperature,
                                          logits_gradient, logits_gradient_stride, nullptr);
}

retort_status ensemble_mean(const retort_ensemble_mean_options* options, int64_t rows,
                            int64_t classes, const void* const* members, int64_t member_count,
                            int64_t member_stride, void* output, int64_t output_stride,
                            const retort_executor*) {
  const Lent lent = workspace(0, member_count);
  return retort_cuda_ensemble_mean(options, rows, classes, members, member_count, member_stride,
                                   output, output_stride, lent.get(), nullptr);
}

retort_status distillation_loss(const retort_distillation_loss_options* options, int64_t rows,
                                int64_t classes, const void* student, int64_t student_stride,
                                const void* const* teachers, int64_t teacher_count,
                                int64_t teacher_stride, const float* teacher_weights,
                                const void* labels, const float* row_weights, void* gradient,
                                int64_t gradient_stride, float* row_loss,
                                retort_distillation_totals* totals, const retort_executor*) {
  const Lent lent = workspace(rows, teacher_count);
  return retort_cuda_distillation_loss(options, rows, classes, student, student_stride, teachers,
                                       teacher_count, teacher_stride, teacher_weights, labels,
                                       row_weights, gradient, gradient_stride, row_loss, totals,
                                       lent.get(), nullptr);
}

retort_status distillation_tangent(const retort_distillation_loss_options* options, int64_t rows,
                                   int64_t classes, const void* student, int64_t student_stride,
                                   const void* const* teachers, int64_t teacher_count,
                                   int64_t teacher_stride, const float* teacher_weights,
                                   const void* labels, const float* row_weights,
                                   const void* tangent, int64_t tangent_stride,
                                   void* const* teacher_gradients, int64_t teacher_gradient_stride,
                                   const retort_executor*) {
  const Lent lent = workspace(rows, teacher_count);
  return retort_cuda_distillation_tangent(options, rows, classes, student, student_stride, teachers,
                                          teacher_count, teacher_stride, teacher_weights, labels,
                                          row_weights, tangent, tangent_stride, teacher_gradients,
                                          teacher_gradient_stride, lent.get(), nullptr);
}

retort_status top_k(retort_dtype dtype, int64_t rows, int64_t classes, const void* logits,
                    int64_t logits_stride, int64_t k, retort_form form, float temperature,
                    int32_t* indices, int64_t indices_stride, float* values, int64_t values_stride,
                    const retort_executor*) {
  return retort_cuda_top_k(dtype, rows, classes, logits, logits_stride, k, form, temperature,
                           indices, indices_stride, values, values_stride, nullptr);
}

retort_status sparse_distillation_loss(
    const retort_sparse_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const int32_t* const* teacher_indices,
    const float* const* teacher_values, int64_t teacher_count, int64_t teacher_stride, int64_t k,
    const float* teacher_weights, const void* labels, const float* row_weights, void* gradient,
    int64_t gradient_stride, float* row_loss, retort_distillation_totals* totals,
    const retort_executor*) {
  const Lent lent = workspace(rows, teacher_count);
  return retort_cuda_sparse_distillation_loss(
      options, rows, classes, student, student_stride, teacher_indices, teacher_values,
      teacher_count, teacher_stride, k, teacher_weights, labels, row_weights, gradient,
      gradient_stride, row_loss, totals, lent.get(), nullptr);
}

// Of the suite's budget, which counts rows without padding, as many rows.
int64_t padded(int64_t budget, int64_t classes) {
  constexpr int64_t kFloats = 4;  // 16 bytes
  return budget / classes * ((classes + kFloats - 1) / kFloats * kFloats);
}

// Nothing of the suite's own: what the operation needs beyond the budget depends on the student's layer.
int64_t linear_distillation_workspace(const retort_distillation_loss_options* options, int64_t rows,
                                      int64_t classes, int64_t teacher_count, int64_t budget) {
  const int64_t bytes = retort_cuda_linear_distillation_workspace(
      options, rows, classes, 1, teacher_count, padded(budget, classes), 0);
  return bytes < 0 ? bytes : 0;
}

retort_status linear_distillation(const retort_distillation_loss_options* options, int64_t rows,
                                  int64_t classes, const retort_linear_layer* student,
                                  const retort_linear_layer* teachers, int64_t teacher_count,
                                  const float* teacher_weights, const void* labels,
                                  const float* row_weights, const retort_linear_gradient* gradient,
                                  float* row_loss, retort_distillation_totals* totals,
                                  int64_t budget, float*, retort_sgemm, const retort_executor*) {
  const int64_t bytes = retort_cuda_linear_distillation_workspace(
      options, rows, classes, student->hidden_size, teacher_count, padded(budget, classes), 0);
  const Lent lent = lend(static_cast<size_t>(std::max<int64_t>(bytes, 0)));
  return retort_cuda_linear_distillation(options, rows, classes, student, teachers, teacher_count,
                                         teacher_weights, labels, row_weights, gradient, row_loss,
                                         totals, padded(budget, classes), lent.get(),
                                         device_cublas(), nullptr, nullptr);
}

}  // namespace

const Implementation& implementation() {
  static const Implementation library = [] {
    Implementation cuda{};
    cuda.name = device_name();
    cuda.softmax = softmax;
    cuda.log_softmax = log_softmax;
    cuda.softmax_backward = softmax_backward;
    cuda.log_softmax_backward = log_softmax_backward;
    cuda.ensemble_mean = ensemble_mean;
    cuda.distillation_loss = distillation_loss;
    cuda.distillation_tangent = distillation_tangent;
    cuda.top_k = top_k;
    cuda.sparse_distillation_loss = sparse_distillation_loss;
    if (device_cublas() != nullptr) {
      cuda.linear_distillation_workspace = linear_distillation_workspace;
      cuda.linear_distillation = linear_distillation;
    }
    cuda.last_error = retort_cuda_last_error;
    cuda.allocate = device_allocate;
    cuda.release = device_release;
    cuda.write = device_write;
    cuda.read = device_read;
    cuda.executors = {nullptr};
    return cuda;
  }();
  return library;
}

}  // namespace retort::conformance
