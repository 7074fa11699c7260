#include "optimizer_arguments.h"

#include <cmath>

namespace retort {
namespace {

retort_status check_beta(const char* name, float beta) {
  if (beta >= 0 && beta < 1) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "%s must be in [0, 1), got %g", name,
              static_cast<double>(beta));
}

retort_status check_adam(const retort_adam* adam) {
  if (adam == nullptr) return fail(RETORT_INVALID_ARGUMENT, "adam must not be null");
  RETORT_CHECK(check_not_negative("learning_rate", adam->learning_rate));
  RETORT_CHECK(check_beta("beta1", adam->beta1));
  RETORT_CHECK(check_beta("beta2", adam->beta2));
  RETORT_CHECK(check_not_negative("epsilon", adam->epsilon));
  RETORT_CHECK(check_not_negative("weight_decay", adam->weight_decay));
  return check_at_least("step", adam->step, 1);
}

}  // namespace

retort_status check_sgd_step(int64_t size, float learning_rate, float momentum, float weight_decay,
                             const float* gradient, const float* velocity, const float* parameter) {
  RETORT_CHECK(check_at_least("size", size, 0));
  RETORT_CHECK(check_not_negative("learning_rate", learning_rate));
  RETORT_CHECK(check_not_negative("momentum", momentum));
  RETORT_CHECK(check_not_negative("weight_decay", weight_decay));
  const MatrixArgument v = momentum > 0 ? vector_argument("velocity", velocity, size)
                                        : optional_vector_argument("velocity", velocity, size);
  return check_arguments({v, vector_argument("parameter", parameter, size)},
                         {vector_argument("gradient", gradient, size)});
}

retort_status check_adam_step(const retort_adam* adam, int64_t size, const float* gradient,
                              const float* first_moment, const float* second_moment,
                              const float* parameter) {
  RETORT_CHECK(check_adam(adam));
  RETORT_CHECK(check_at_least("size", size, 0));
  return check_arguments({vector_argument("first_moment", first_moment, size),
                          vector_argument("second_moment", second_moment, size),
                          vector_argument("parameter", parameter, size)},
                         {vector_argument("gradient", gradient, size)});
}

AdamStep adam_coefficients(const retort_adam& adam) {
  const double rate = adam.learning_rate;
  const double decay = adam.weight_decay;
  const double step = static_cast<double>(adam.step);
  const bool decoupled = adam.decoupled != 0;
  return {adam.beta1,
          adam.beta2,
          adam.epsilon,
          decoupled ? 0 : adam.weight_decay,
          decoupled ? static_cast<float>(1 - rate * decay) : 1,
          static_cast<float>(rate / (1 - std::pow(static_cast<double>(adam.beta1), step))),
          static_cast<float>(1 / std::sqrt(1 - std::pow(static_cast<double>(adam.beta2), step)))};
}

}  // namespace retort
