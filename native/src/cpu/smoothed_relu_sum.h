// Sums of smoothed ReLUs over the patches of a sample and the neurons of a class.
//
//   forward   sum of f(a)
//   backward  f'(a) times the gradient of the neuron's output
//
// Bytes: the pre-activations are read once, and backward writes as many; outputs and their gradients are
// smaller by the patches and the neurons. A vector holds neighbouring neurons, a task a run of samples.
// The patches add up in a register; what is left, a number a neuron, is added lane by lane to the outputs
// of the classes, in the order of the neurons.
#pragma once

#include "kernels.h"
#include "smoothed_relu.h"
#include "vector.h"

namespace {

// The output of one sample that each column belongs to, column after column.
class OutputOfColumn {
 public:
  OutputOfColumn(const retort_smoothed_relu_sum& sum, int64_t sample)
      : neurons_(sum.neurons),
        classes_(sum.classes),
        to_next_network_((sum.samples - 1) * sum.classes),
        index_(sample * sum.classes) {}

  int64_t index() const { return index_; }
  bool begins() const { return neuron_ == 0; }

  void advance() {
    if (++neuron_ < neurons_) return;
    neuron_ = 0;
    ++index_;
    if (++class_ < classes_) return;
    class_ = 0;
    index_ += to_next_network_;
  }

 private:
  int64_t neurons_;
  int64_t classes_;
  int64_t to_next_network_;
  int64_t index_;
  int64_t neuron_ = 0;
  int64_t class_ = 0;
};

inline int64_t columns_of(const retort_smoothed_relu_sum& sum) {
  return sum.networks * sum.classes * sum.neurons;
}

void smoothed_relu_sum_forward(const retort_smoothed_relu_sum& sum, const float* pre_activations,
                               float* output, int64_t first_sample, int64_t end_sample) {
  const SmoothedRelu relu(sum);
  const int64_t columns = columns_of(sum);
  for (int64_t sample = first_sample; sample < end_sample; ++sample) {
    const float* patches = pre_activations + sample * sum.patches * columns;
    OutputOfColumn place(sum, sample);
    for_each_vector(columns, [&](int64_t j, auto lanes) {
      Vector total = broadcast(0);
      for (int64_t p = 0; p < sum.patches; ++p) {
        total = total + relu.value(lanes.load(patches + p * columns + j, 0));
      }
      alignas(64) float neuron[kLanes];
      store(neuron, total);
      const int64_t count = columns - j < kLanes ? columns - j : kLanes;
      for (int64_t lane = 0; lane < count; ++lane) {
        float* const to = output + place.index();
        *to = place.begins() ? neuron[lane] : *to + neuron[lane];
        place.advance();
      }
    });
  }
}

void smoothed_relu_sum_backward(const retort_smoothed_relu_sum& sum, const float* pre_activations,
                                const float* output_gradient, float* pre_activation_gradient,
                                int64_t first_sample, int64_t end_sample) {
  const SmoothedRelu relu(sum);
  const int64_t columns = columns_of(sum);
  for (int64_t sample = first_sample; sample < end_sample; ++sample) {
    const int64_t first = sample * sum.patches * columns;
    OutputOfColumn place(sum, sample);
    for_each_vector(columns, [&](int64_t j, auto lanes) {
      alignas(64) float neuron[kLanes] = {};
      const int64_t count = columns - j < kLanes ? columns - j : kLanes;
      for (int64_t lane = 0; lane < count; ++lane) {
        neuron[lane] = output_gradient[place.index()];
        place.advance();
      }
      const Vector gradient = load(neuron);
      for (int64_t p = 0; p < sum.patches; ++p) {
        const int64_t element = first + p * columns + j;
        const Vector t = relu.fraction(lanes.load(pre_activations + element, 0));
        lanes.store(pre_activation_gradient + element, relu.derivative(t) * gradient);
      }
    });
  }
}

}  // namespace
