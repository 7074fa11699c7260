// What an optimiser's step means; retort/network.h has the formulas.
#pragma once

#include "reference.h"
#include "retort/network.h"

namespace retort::reference {

struct SgdState {
  Row velocity;
  Row parameter;
};

SgdState sgd_step(double learning_rate, double momentum, bool nesterov, double weight_decay,
                  const Row& gradient, const SgdState& state);

struct AdamState {
  Row first_moment;
  Row second_moment;
  Row parameter;
};

AdamState adam_step(const retort_adam& adam, const Row& gradient, const AdamState& state);

}  // namespace retort::reference
