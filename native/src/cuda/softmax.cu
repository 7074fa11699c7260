// retort_cuda_softmax, retort_cuda_log_softmax and their gradients: checks and launches.
#include "softmax.cuh"

#include "arguments.h"
#include "launch.cuh"
#include "retort/cuda.h"
#include "softmax_arguments.h"

namespace retort::cuda {
namespace {

retort_status forward(retort_dtype dtype, int64_t rows, int64_t classes, const void* logits,
                      int64_t logits_stride, float temperature, bool logarithm, void* output,
                      int64_t output_stride, void* stream) {
  const MatrixArgument in{"logits", dtype, logits, rows, classes, logits_stride};
  const MatrixArgument out{"output", dtype, output, rows, classes, output_stride};
  RETORT_CHECK(check_softmax(in, temperature, out));
  RETORT_CHECK(check_classes(classes));
  const SoftmaxParameters parameters{rows,      static_cast<int>(classes), temperature,
                                     logarithm, {logits, logits_stride},   {output, output_stride}};
  return with_element(dtype, [&](auto element) {
    return with_row_shape(classes, [&](auto shape) {
      return launch_rows<decltype(shape)>(softmax<decltype(element), decltype(shape)>, parameters,
                                          0, stream);
    });
  });
}

retort_status backward(retort_dtype dtype, int64_t rows, int64_t classes, const void* output,
                       int64_t output_stride, const void* output_gradient,
                       int64_t output_gradient_stride, float temperature, bool logarithm,
                       void* logits_gradient, int64_t logits_gradient_stride, void* stream) {
  const MatrixArgument y{"output", dtype, output, rows, classes, output_stride};
  const MatrixArgument dy{"output_gradient",     dtype, output_gradient, rows, classes,
                          output_gradient_stride};
  const MatrixArgument dx{"logits_gradient",     dtype, logits_gradient, rows, classes,
                          logits_gradient_stride};
  RETORT_CHECK(check_softmax_backward(y, dy, temperature, dx));
  RETORT_CHECK(check_classes(classes));
  const SoftmaxBackwardParameters parameters{rows,
                                             static_cast<int>(classes),
                                             temperature,
                                             logarithm,
                                             {output, output_stride},
                                             {output_gradient, output_gradient_stride},
                                             {logits_gradient, logits_gradient_stride}};
  return with_element(dtype, [&](auto element) {
    return with_row_shape(classes, [&](auto shape) {
      return launch_rows<decltype(shape)>(softmax_backward<decltype(element), decltype(shape)>,
                                          parameters, 0, stream);
    });
  });
}

}  // namespace
}  // namespace retort::cuda

retort_status retort_cuda_softmax(retort_dtype dtype, int64_t rows, int64_t classes,
                                  const void* logits, int64_t logits_stride, float temperature,
                                  void* output, int64_t output_stride, void* stream) {
  return retort::cuda::forward(dtype, rows, classes, logits, logits_stride, temperature, false,
                               output, output_stride, stream);
}

retort_status retort_cuda_log_softmax(retort_dtype dtype, int64_t rows, int64_t classes,
                                      const void* logits, int64_t logits_stride, float temperature,
                                      void* output, int64_t output_stride, void* stream) {
  return retort::cuda::forward(dtype, rows, classes, logits, logits_stride, temperature, true,
                               output, output_stride, stream);
}

retort_status retort_cuda_softmax_backward(retort_dtype dtype, int64_t rows, int64_t classes,
                                           const void* output, int64_t output_stride,
                                           const void* output_gradient,
                                           int64_t output_gradient_stride, float temperature,
                                           void* logits_gradient, int64_t logits_gradient_stride,
                                           void* stream) {
  return retort::cuda::backward(dtype, rows, classes, output, output_stride, output_gradient,
                                output_gradient_stride, temperature, false, logits_gradient,
                                logits_gradient_stride, stream);
}

retort_status retort_cuda_log_softmax_backward(retort_dtype dtype, int64_t rows, int64_t classes,
                                               const void* output, int64_t output_stride,
                                               const void* output_gradient,
                                               int64_t output_gradient_stride, float temperature,
                                               void* logits_gradient,
                                               int64_t logits_gradient_stride, void* stream) {
  return retort::cuda::backward(dtype, rows, classes, output, output_stride, output_gradient,
                                output_gradient_stride, temperature, true, logits_gradient,
                                logits_gradient_stride, stream);
}
