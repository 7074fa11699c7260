// Puts a test of network.h on the kernels of cuda_network.h: included before its source, this gives every function
// that it calls the device's namesake, and every executor the default stream.
#pragma once

#include "retort/cuda_network.h"

namespace retort::testing {

template <typename T>
T argument_on_cuda(T argument) {
  return argument;
}
inline void* argument_on_cuda(const retort_executor*) { return nullptr; }

template <typename Function, typename... Arguments>
auto on_cuda(Function* function, Arguments... arguments) {
  return function(argument_on_cuda(arguments)...);
}

}  // namespace retort::testing

#define RETORT_ON_CUDA(name, ...) ::retort::testing::on_cuda(retort_cuda_##name, __VA_ARGS__)

#define retort_last_error retort_cuda_last_error
#define retort_max_pool_forward(...) RETORT_ON_CUDA(max_pool_forward, __VA_ARGS__)
#define retort_max_pool_backward(...) RETORT_ON_CUDA(max_pool_backward, __VA_ARGS__)
#define retort_max_pool_tangent(...) RETORT_ON_CUDA(max_pool_tangent, __VA_ARGS__)
#define retort_average_pool_forward(...) RETORT_ON_CUDA(average_pool_forward, __VA_ARGS__)
#define retort_average_pool_backward(...) RETORT_ON_CUDA(average_pool_backward, __VA_ARGS__)
#define retort_batch_norm_workspace retort_cuda_batch_norm_workspace
#define retort_batch_norm_training(...) RETORT_ON_CUDA(batch_norm_training, __VA_ARGS__)
#define retort_batch_norm_inference(...) RETORT_ON_CUDA(batch_norm_inference, __VA_ARGS__)
#define retort_batch_norm_backward(...) RETORT_ON_CUDA(batch_norm_backward, __VA_ARGS__)
#define retort_batch_norm_tangent(...) RETORT_ON_CUDA(batch_norm_tangent, __VA_ARGS__)
#define retort_relu_forward(...) RETORT_ON_CUDA(relu_forward, __VA_ARGS__)
#define retort_relu_backward(...) RETORT_ON_CUDA(relu_backward, __VA_ARGS__)
#define retort_linear_combination(...) RETORT_ON_CUDA(linear_combination, __VA_ARGS__)
#define retort_add_to_rows(...) RETORT_ON_CUDA(add_to_rows, __VA_ARGS__)
#define retort_column_sums_workspace retort_cuda_column_sums_workspace
#define retort_column_sums(...) RETORT_ON_CUDA(column_sums, __VA_ARGS__)
#define retort_smoothed_relu_sum_forward(...) RETORT_ON_CUDA(smoothed_relu_sum_forward, __VA_ARGS__)
#define retort_smoothed_relu_sum_backward(...) \
  RETORT_ON_CUDA(smoothed_relu_sum_backward, __VA_ARGS__)
#define retort_sgd_step(...) RETORT_ON_CUDA(sgd_step, __VA_ARGS__)
#define retort_adam_step(...) RETORT_ON_CUDA(adam_step, __VA_ARGS__)
