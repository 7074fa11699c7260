#include "smoothed_relu_sum.h"

#include <cmath>

namespace retort::reference {
namespace {

// body(element of the pre-activations, element of the output) for every pre-activation.
template <typename Body>
void for_each_neuron(const retort_smoothed_relu_sum& sum, Body body) {
  size_t element = 0;
  for (int64_t sample = 0; sample < sum.samples; ++sample) {
    for (int64_t patch = 0; patch < sum.patches; ++patch) {
      for (int64_t network = 0; network < sum.networks; ++network) {
        for (int64_t i = 0; i < sum.classes; ++i) {
          const int64_t output = (network * sum.samples + sample) * sum.classes + i;
          for (int64_t neuron = 0; neuron < sum.neurons; ++neuron) {
            body(element++, static_cast<size_t>(output));
          }
        }
      }
    }
  }
}

}  // namespace

double smoothed_relu(double a, int degree, double threshold) {
  if (a <= 0) return 0;
  if (a >= threshold) return a - (1 - 1.0 / degree) * threshold;
  return std::pow(a, degree) / (degree * std::pow(threshold, degree - 1));
}

double smoothed_relu_derivative(double a, int degree, double threshold) {
  if (a <= 0) return 0;
  if (a >= threshold) return 1;
  return std::pow(a / threshold, degree - 1);
}

Row smoothed_relu_sum_forward(const retort_smoothed_relu_sum& sum, const Row& pre_activations) {
  Row output(static_cast<size_t>(sum.networks * sum.samples * sum.classes), 0.0);
  for_each_neuron(sum, [&](size_t element, size_t to) {
    output[to] += smoothed_relu(pre_activations[element], sum.degree, sum.threshold);
  });
  return output;
}

Row smoothed_relu_sum_backward(const retort_smoothed_relu_sum& sum, const Row& pre_activations,
                               const Row& output_gradient) {
  Row gradient(pre_activations.size(), 0.0);
  for_each_neuron(sum, [&](size_t element, size_t from) {
    gradient[element] =
        smoothed_relu_derivative(pre_activations[element], sum.degree, sum.threshold) *
        output_gradient[from];
  });
  return gradient;
}

}  // namespace retort::reference
