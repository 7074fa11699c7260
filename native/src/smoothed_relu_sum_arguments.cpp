#include "smoothed_relu_sum_arguments.h"

#include <cmath>

namespace retort {
namespace {

constexpr int32_t kHighestDegree = 64;

retort_status check_constants(const retort_smoothed_relu_sum& sum) {
  if (sum.degree < 2 || sum.degree > kHighestDegree) {
    return fail(RETORT_INVALID_ARGUMENT, "degree must be 2 to %d, got %d", kHighestDegree,
                sum.degree);
  }
  if (std::isfinite(sum.threshold) && sum.threshold > 0 && std::isfinite(1 / sum.threshold)) {
    return RETORT_OK;
  }
  return fail(RETORT_INVALID_ARGUMENT, "threshold must be finite and > 0, got %g",
              static_cast<double>(sum.threshold));
}

struct Shapes {
  int64_t rows;     // of pre-activations
  int64_t columns;  // of pre-activations
};

retort_status check_sum(const retort_smoothed_relu_sum* sum, Shapes* shapes) {
  if (sum == nullptr) return fail(RETORT_INVALID_ARGUMENT, "sum must not be null");
  RETORT_CHECK(check_at_least("samples", sum->samples, 0));
  RETORT_CHECK(check_at_least("patches", sum->patches, 1));
  RETORT_CHECK(check_at_least("networks", sum->networks, 1));
  RETORT_CHECK(check_at_least("classes", sum->classes, 1));
  RETORT_CHECK(check_at_least("neurons", sum->neurons, 1));
  RETORT_CHECK(check_constants(*sum));
  int64_t outputs;
  if (__builtin_mul_overflow(sum->samples, sum->patches, &shapes->rows) ||
      __builtin_mul_overflow(sum->networks, sum->classes, &outputs) ||
      __builtin_mul_overflow(outputs, sum->neurons, &shapes->columns)) {
    return fail(RETORT_INVALID_ARGUMENT, "pre_activations overflow 64 bits");
  }
  return RETORT_OK;
}

MatrixArgument neuron_argument(const char* name, const float* data, const Shapes& shapes) {
  return {name, data, shapes.rows, shapes.columns, shapes.columns};
}

// The outputs of a sample are no more than its pre-activations: their size does not overflow if those' does not.
MatrixArgument output_argument(const char* name, const float* data,
                               const retort_smoothed_relu_sum& sum) {
  const int64_t columns = sum.networks * sum.classes;
  return {name, data, sum.samples, columns, columns};
}

}  // namespace

retort_status check_smoothed_relu_sum_forward(const retort_smoothed_relu_sum* sum,
                                              const float* pre_activations, const float* output) {
  Shapes shapes{};
  RETORT_CHECK(check_sum(sum, &shapes));
  const MatrixArgument a = neuron_argument("pre_activations", pre_activations, shapes);
  RETORT_CHECK(check_matrix(a));
  return check_arguments({output_argument("output", output, *sum)}, {a});
}

retort_status check_smoothed_relu_sum_backward(const retort_smoothed_relu_sum* sum,
                                               const float* pre_activations,
                                               const float* output_gradient,
                                               const float* pre_activation_gradient) {
  Shapes shapes{};
  RETORT_CHECK(check_sum(sum, &shapes));
  const MatrixArgument a = neuron_argument("pre_activations", pre_activations, shapes);
  const MatrixArgument da =
      neuron_argument("pre_activation_gradient", pre_activation_gradient, shapes);
  RETORT_CHECK(check_matrix(a));
  RETORT_CHECK(check_arguments({da}, {output_argument("output_gradient", output_gradient, *sum)}));
  return check_no_partial_overlap(da, a);
}

}  // namespace retort
