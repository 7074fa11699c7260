// retort_cuda_sgd_step and retort_cuda_adam_step: checks and launches.
#include "optimizer.cuh"

#include "optimizer_arguments.h"
#include "retort/cuda_network.h"

retort_status retort_cuda_sgd_step(int64_t size, float learning_rate, float momentum,
                                   int32_t nesterov, float weight_decay, const float* gradient,
                                   float* velocity, float* parameter, void* stream) {
  using namespace retort;
  RETORT_CHECK(
      check_sgd_step(size, learning_rate, momentum, weight_decay, gradient, velocity, parameter));
  const SgdStep step{learning_rate, momentum, nesterov != 0, weight_decay};
  if (velocity == nullptr) {
    return cuda::launch_elementwise(size, cuda::SgdWithoutVelocity{step, gradient, parameter},
                                    {gradient, parameter}, stream);
  }
  return cuda::launch_elementwise(size, cuda::SgdWithVelocity{step, gradient, velocity, parameter},
                                  {gradient, velocity, parameter}, stream);
}

retort_status retort_cuda_adam_step(const retort_adam* adam, int64_t size, const float* gradient,
                                    float* first_moment, float* second_moment, float* parameter,
                                    void* stream) {
  using namespace retort;
  RETORT_CHECK(check_adam_step(adam, size, gradient, first_moment, second_moment, parameter));
  return cuda::launch_elementwise(
      size, cuda::Adam{adam_coefficients(*adam), gradient, first_moment, second_moment, parameter},
      {gradient, first_moment, second_moment, parameter}, stream);
}
