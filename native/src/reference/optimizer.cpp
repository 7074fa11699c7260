#include "optimizer.h"

#include <cmath>

namespace retort::reference {

SgdState sgd_step(double learning_rate, double momentum, bool nesterov, double weight_decay,
                  const Row& gradient, const SgdState& state) {
  SgdState next = state;
  for (size_t i = 0; i < gradient.size(); ++i) {
    const double g = gradient[i] + weight_decay * state.parameter[i];
    const double v = momentum * state.velocity[i] + g;
    next.velocity[i] = v;
    next.parameter[i] -= learning_rate * (nesterov ? g + momentum * v : v);
  }
  return next;
}

AdamState adam_step(const retort_adam& adam, const Row& gradient, const AdamState& state) {
  const double rate = adam.learning_rate, beta1 = adam.beta1, beta2 = adam.beta2;
  const double decay = adam.weight_decay, step = static_cast<double>(adam.step);
  AdamState next = state;
  for (size_t i = 0; i < gradient.size(); ++i) {
    double g = gradient[i];
    if (adam.decoupled) {
      next.parameter[i] -= rate * decay * state.parameter[i];
    } else {
      g += decay * state.parameter[i];
    }
    next.first_moment[i] = beta1 * state.first_moment[i] + (1 - beta1) * g;
    next.second_moment[i] = beta2 * state.second_moment[i] + (1 - beta2) * g * g;
    const double m = next.first_moment[i] / (1 - std::pow(beta1, step));
    const double s = next.second_moment[i] / (1 - std::pow(beta2, step));
    next.parameter[i] -= rate * m / (std::sqrt(s) + adam.epsilon);
  }
  return next;
}

}  // namespace retort::reference
