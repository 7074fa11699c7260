// Sums of smoothed ReLUs: checks, then tasks of samples.
#include "smoothed_relu_sum_arguments.h"

#include "cpu/kernels.h"
#include "tasks.h"

namespace retort {
namespace {

template <typename Body>
void run_samples(const retort_smoothed_relu_sum& sum, const retort_executor* executor,
                 const Body& body) {
  const int64_t columns = sum.networks * sum.classes * sum.neurons;
  const RowTasks tasks(sum.samples, sum.patches * columns);
  run_tasks(executor, tasks.count, [&](int64_t task) { body(tasks.first(task), tasks.end(task)); });
}

}  // namespace
}  // namespace retort

retort_status retort_smoothed_relu_sum_forward(const retort_smoothed_relu_sum* sum,
                                               const float* pre_activations, float* output,
                                               const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_smoothed_relu_sum_forward(sum, pre_activations, output));
  run_samples(*sum, executor, [&](int64_t first, int64_t end) {
    kernels().smoothed_relu_sum_forward(*sum, pre_activations, output, first, end);
  });
  return RETORT_OK;
}

retort_status retort_smoothed_relu_sum_backward(const retort_smoothed_relu_sum* sum,
                                                const float* pre_activations,
                                                const float* output_gradient,
                                                float* pre_activation_gradient,
                                                const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_smoothed_relu_sum_backward(sum, pre_activations, output_gradient,
                                                pre_activation_gradient));
  run_samples(*sum, executor, [&](int64_t first, int64_t end) {
    kernels().smoothed_relu_sum_backward(*sum, pre_activations, output_gradient,
                                         pre_activation_gradient, first, end);
  });
  return RETORT_OK;
}
