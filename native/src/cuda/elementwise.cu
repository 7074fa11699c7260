// retort_cuda_relu_forward, retort_cuda_relu_backward and retort_cuda_linear_combination: checks and launches.
#include "elementwise.cuh"

#include "elementwise_arguments.h"
#include "retort/cuda_network.h"

retort_status retort_cuda_relu_forward(int64_t size, const float* input, float* output,
                                       void* stream) {
  using namespace retort;
  RETORT_CHECK(check_relu_forward(size, input, output));
  return cuda::launch_elementwise(size, cuda::ReluForward{input, output}, {input, output}, stream);
}

retort_status retort_cuda_relu_backward(int64_t size, const float* output,
                                        const float* output_gradient, float* input_gradient,
                                        void* stream) {
  using namespace retort;
  RETORT_CHECK(check_relu_backward(size, output, output_gradient, input_gradient));
  return cuda::launch_elementwise(size, cuda::ReluBackward{output, output_gradient, input_gradient},
                                  {output, output_gradient, input_gradient}, stream);
}

retort_status retort_cuda_linear_combination(int64_t size, float a, const float* x, float b,
                                             const float* y, float* output, void* stream) {
  using namespace retort;
  RETORT_CHECK(check_linear_combination(size, x, y, output));
  return cuda::launch_elementwise(size, cuda::LinearCombination{a, b, x, y, output}, {x, y, output},
                                  stream);
}
