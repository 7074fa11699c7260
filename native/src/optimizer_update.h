// What an optimiser step does to an element; network.h and kernels.h have the formulas and what the numbers mean.
//
//   SGD   v = momentum * v + g                 p -= learning_rate * (v or g + momentum * v)
//   Adam  m = beta1 * m + (1 - beta1) * g      s = beta2 * s + (1 - beta2) * g^2
//         p -= step_size * m / (sqrt(s) * second_moment_correction + epsilon)
//
// CPU and CUDA share this file: a Vector is several lanes on the one, and on the other a float.
#pragma once

#include "cpu/kernels.h"
#include "split.h"
#if defined(RETORT_CUDA)
#include "cuda/vector.cuh"
#else
#include "cpu/vector.h"
#endif

namespace {

struct SgdUpdate {
  Vector decay;
  Vector momentum;
  Vector rate;
  bool nesterov;

  RETORT_DEVICE explicit SgdUpdate(const retort::SgdStep& step)
      : decay(broadcast(step.weight_decay)),
        momentum(broadcast(step.momentum)),
        rate(broadcast(-step.learning_rate)),
        nesterov(step.nesterov) {}

  // The parameter without a velocity.
  RETORT_DEVICE Vector parameter(Vector gradient, Vector p) const {
    return multiply_add(rate, decayed(gradient, p), p);
  }

  RETORT_DEVICE void apply(Vector gradient, Vector* velocity, Vector* parameter) const {
    const Vector g = decayed(gradient, *parameter);
    *velocity = multiply_add(momentum, *velocity, g);
    const Vector direction = nesterov ? multiply_add(momentum, *velocity, g) : *velocity;
    *parameter = multiply_add(rate, direction, *parameter);
  }

 private:
  RETORT_DEVICE Vector decayed(Vector gradient, Vector p) const {
    return multiply_add(decay, p, gradient);
  }
};

struct AdamUpdate {
  Vector beta1, rest1;
  Vector beta2, rest2;
  Vector epsilon;
  Vector gradient_decay;
  Vector parameter_factor;
  Vector step_size;
  Vector correction;

  RETORT_DEVICE explicit AdamUpdate(const retort::AdamStep& step)
      : beta1(broadcast(step.beta1)),
        rest1(broadcast(1 - step.beta1)),
        beta2(broadcast(step.beta2)),
        rest2(broadcast(1 - step.beta2)),
        epsilon(broadcast(step.epsilon)),
        gradient_decay(broadcast(step.gradient_decay)),
        parameter_factor(broadcast(step.parameter_factor)),
        step_size(broadcast(step.step_size)),
        correction(broadcast(step.second_moment_correction)) {}

  RETORT_DEVICE void apply(Vector gradient, Vector* m, Vector* s, Vector* parameter) const {
    const Vector g = multiply_add(gradient_decay, *parameter, gradient);
    *m = multiply_add(beta1, *m, rest1 * g);
    *s = multiply_add(beta2, *s, rest2 * g * g);
    const Vector deviation = multiply_add(square_root(*s), correction, epsilon);
    *parameter = *parameter * parameter_factor - step_size * *m / deviation;
  }
};

}  // namespace
