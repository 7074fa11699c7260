// Optimiser steps; network.h and kernels.h have the formulas and what the numbers mean.
//
//   SGD   v = momentum * v + g                 p -= learning_rate * (v or g + momentum * v)
//   Adam  m = beta1 * m + (1 - beta1) * g      s = beta2 * s + (1 - beta2) * g^2
//         p -= step_size * m / (sqrt(s) * second_moment_correction + epsilon)
//
// Bytes: gradient read, everything else read and written once: 20 an element for SGD with momentum
// (12 without), 28 for Adam. A vector holds neighbouring elements, a task a run of them.
#pragma once

#include "kernels.h"
#include "vector.h"

namespace {

void sgd_step(const retort::SgdStep& step, int64_t size, const float* gradient, float* velocity,
              float* parameter) {
  const Vector decay = broadcast(step.weight_decay);
  const Vector momentum = broadcast(step.momentum);
  const Vector rate = broadcast(-step.learning_rate);
  for_each_vector(size, [&](int64_t i, auto lanes) {
    const Vector p = lanes.load(parameter + i, 0);
    const Vector g = multiply_add(decay, p, lanes.load(gradient + i, 0));
    Vector direction = g;
    if (velocity != nullptr) {
      const Vector v = multiply_add(momentum, lanes.load(velocity + i, 0), g);
      lanes.store(velocity + i, v);
      direction = step.nesterov ? multiply_add(momentum, v, g) : v;
    }
    lanes.store(parameter + i, multiply_add(rate, direction, p));
  });
}

void adam_step(const retort::AdamStep& step, int64_t size, const float* gradient,
               float* first_moment, float* second_moment, float* parameter) {
  const Vector beta1 = broadcast(step.beta1), rest1 = broadcast(1 - step.beta1);
  const Vector beta2 = broadcast(step.beta2), rest2 = broadcast(1 - step.beta2);
  const Vector correction = broadcast(step.second_moment_correction);
  for_each_vector(size, [&](int64_t i, auto lanes) {
    Vector p = lanes.load(parameter + i, 0);
    const Vector g = multiply_add(broadcast(step.gradient_decay), p, lanes.load(gradient + i, 0));
    const Vector m = multiply_add(beta1, lanes.load(first_moment + i, 0), rest1 * g);
    const Vector s = multiply_add(beta2, lanes.load(second_moment + i, 0), rest2 * g * g);
    lanes.store(first_moment + i, m);
    lanes.store(second_moment + i, s);
    p = p * broadcast(step.parameter_factor);
    const Vector deviation = multiply_add(square_root(s), correction, broadcast(step.epsilon));
    lanes.store(parameter + i, p - broadcast(step.step_size) * m / deviation);
  });
}

}  // namespace
