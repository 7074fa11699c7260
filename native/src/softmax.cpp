// retort_softmax, retort_log_softmax and their gradients: checks, then tasks of rows.
#include "cpu/kernels.h"
#include "errors.h"
#include "softmax_arguments.h"
#include "tasks.h"

namespace retort {
namespace {

retort_status forward(retort_dtype dtype, int64_t rows, int64_t classes, const void* logits,
                      int64_t logits_stride, float temperature, bool logarithm, void* output,
                      int64_t output_stride, const retort_executor* executor) {
  const MatrixArgument in{"logits", dtype, logits, rows, classes, logits_stride};
  const MatrixArgument out{"output", dtype, output, rows, classes, output_stride};
  RETORT_CHECK(check_softmax(in, temperature, out));
  const SoftmaxRows arguments{
      dtype, classes, temperature, logarithm, {logits, logits_stride}, {output, output_stride}};
  const RowTasks tasks(rows, classes);
  run_tasks(executor, tasks.count, [&](int64_t task) {
    kernels().softmax(arguments, tasks.first(task), tasks.end(task));
  });
  return RETORT_OK;
}

retort_status backward(retort_dtype dtype, int64_t rows, int64_t classes, const void* output,
                       int64_t output_stride, const void* output_gradient,
                       int64_t output_gradient_stride, float temperature, bool logarithm,
                       void* logits_gradient, int64_t logits_gradient_stride,
                       const retort_executor* executor) {
  const MatrixArgument y{"output", dtype, output, rows, classes, output_stride};
  const MatrixArgument dy{"output_gradient",     dtype, output_gradient, rows, classes,
                          output_gradient_stride};
  const MatrixArgument dx{"logits_gradient",     dtype, logits_gradient, rows, classes,
                          logits_gradient_stride};
  RETORT_CHECK(check_softmax_backward(y, dy, temperature, dx));
  const SoftmaxBackwardRows arguments{dtype,
                                      classes,
                                      temperature,
                                      logarithm,
                                      {output, output_stride},
                                      {output_gradient, output_gradient_stride},
                                      {logits_gradient, logits_gradient_stride}};
  const RowTasks tasks(rows, classes);
  run_tasks(executor, tasks.count, [&](int64_t task) {
    kernels().softmax_backward(arguments, tasks.first(task), tasks.end(task));
  });
  return RETORT_OK;
}

}  // namespace
}  // namespace retort

retort_status retort_softmax(retort_dtype dtype, int64_t rows, int64_t classes, const void* logits,
                             int64_t logits_stride, float temperature, void* output,
                             int64_t output_stride, const retort_executor* executor) {
  return retort::forward(dtype, rows, classes, logits, logits_stride, temperature, false, output,
                         output_stride, executor);
}

retort_status retort_log_softmax(retort_dtype dtype, int64_t rows, int64_t classes,
                                 const void* logits, int64_t logits_stride, float temperature,
                                 void* output, int64_t output_stride,
                                 const retort_executor* executor) {
  return retort::forward(dtype, rows, classes, logits, logits_stride, temperature, true, output,
                         output_stride, executor);
}

retort_status retort_softmax_backward(retort_dtype dtype, int64_t rows, int64_t classes,
                                      const void* output, int64_t output_stride,
                                      const void* output_gradient, int64_t output_gradient_stride,
                                      float temperature, void* logits_gradient,
                                      int64_t logits_gradient_stride,
                                      const retort_executor* executor) {
  return retort::backward(dtype, rows, classes, output, output_stride, output_gradient,
                          output_gradient_stride, temperature, false, logits_gradient,
                          logits_gradient_stride, executor);
}

retort_status retort_log_softmax_backward(retort_dtype dtype, int64_t rows, int64_t classes,
                                          const void* output, int64_t output_stride,
                                          const void* output_gradient,
                                          int64_t output_gradient_stride, float temperature,
                                          void* logits_gradient, int64_t logits_gradient_stride,
                                          const retort_executor* executor) {
  return retort::backward(dtype, rows, classes, output, output_stride, output_gradient,
                          output_gradient_stride, temperature, true, logits_gradient,
                          logits_gradient_stride, executor);
}
