// Optimiser steps: checks, then tasks of elements.
#include "optimizer_arguments.h"
#include "tasks.h"

retort_status retort_sgd_step(int64_t size, float learning_rate, float momentum, int32_t nesterov,
                              float weight_decay, const float* gradient, float* velocity,
                              float* parameter, const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(
      check_sgd_step(size, learning_rate, momentum, weight_decay, gradient, velocity, parameter));
  const SgdStep step{learning_rate, momentum, nesterov != 0, weight_decay};
  const RowTasks tasks(size, 1);
  run_tasks(executor, tasks.count, [&](int64_t task) {
    const int64_t first = tasks.first(task);
    kernels().sgd_step(step, tasks.end(task) - first, gradient + first,
                       velocity == nullptr ? nullptr : velocity + first, parameter + first);
  });
  return RETORT_OK;
}

retort_status retort_adam_step(const retort_adam* adam, int64_t size, const float* gradient,
                               float* first_moment, float* second_moment, float* parameter,
                               const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_adam_step(adam, size, gradient, first_moment, second_moment, parameter));
  const AdamStep step = adam_coefficients(*adam);
  const RowTasks tasks(size, 1);
  run_tasks(executor, tasks.count, [&](int64_t task) {
    const int64_t first = tasks.first(task);
    kernels().adam_step(step, tasks.end(task) - first, gradient + first, first_moment + first,
                        second_moment + first, parameter + first);
  });
  return RETORT_OK;
}
