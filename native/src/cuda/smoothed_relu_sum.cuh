// Sums of smoothed ReLUs over the patches of a sample and the neurons of a class; network.h has the layout and
// smoothed_relu.h the function.
//
// Bytes: the pre-activations are read once, and backward writes as many; outputs and their gradients are smaller by
// the patches and the neurons. An output is a team's: as many neighbouring lanes, up to a warp, as it has neurons, so
// that lanes are full and neighbouring teams read neighbouring memory. A lane adds up its neurons patch by patch, a
// butterfly the lanes.
#pragma once

#include "launch.cuh"
#include "smoothed_relu.h"

namespace retort::cuda {

constexpr int kSmoothedReluSumThreads = 256;

struct SmoothedReluSumParameters {
  retort_smoothed_relu_sum sum;
  const float* pre_activations;
  float* output;                 // of forward
  const float* output_gradient;  // of backward
  float* gradient;               // of backward
};

// The neurons of one output that a lane has: where they lie, and where their output does.
class OutputLane {
 public:
  // The output with number `index`, samples first, then networks and classes.
  __device__ OutputLane(const retort_smoothed_relu_sum& sum, int64_t index, int64_t lane)
      : sum_(sum), lane_(lane) {
    const int64_t outputs = sum.networks * sum.classes;
    const int64_t sample = index / outputs, output = index % outputs;
    const int64_t network = output / sum.classes, of_class = output % sum.classes;
    output_ = (network * sum.samples + sample) * sum.classes + of_class;
    columns_ = outputs * sum.neurons;
    first_ = sample * sum.patches * columns_ + output * sum.neurons;
  }

  __device__ int64_t output() const { return output_; }

  // body(place, pre-activation) for every neuron and patch of the lane, which is one of `lanes`. Several patches are
  // loaded before the first is used, because the body may write, beyond which no load is moved.
  template <typename Body>
  __device__ void for_each(int64_t lanes, const float* pre_activations, Body body) const {
    for (int64_t neuron = lane_; neuron < sum_.neurons; neuron += lanes) {
      for (int64_t patch = 0; patch < sum_.patches; patch += kPatchesAtOnce) {
        const int64_t place = first_ + patch * columns_ + neuron;
        const int64_t left = sum_.patches - patch;
        float loaded[kPatchesAtOnce];
#pragma unroll
        for (int i = 0; i < kPatchesAtOnce; ++i) {
          if (i < left) loaded[i] = pre_activations[place + i * columns_];
        }
#pragma unroll
        for (int i = 0; i < kPatchesAtOnce; ++i) {
          if (i < left) body(place + i * columns_, loaded[i]);
        }
      }
    }
  }

 private:
  static constexpr int kPatchesAtOnce = 4;

  const retort_smoothed_relu_sum& sum_;
  int64_t lane_;
  int64_t output_;
  int64_t columns_;
  int64_t first_;
};

// body(this lane's neurons) for every output of its team.
template <int kLanes, typename Body>
__device__ void for_each_output(const retort_smoothed_relu_sum& sum, Body body) {
  constexpr int kTeams = kSmoothedReluSumThreads / kLanes;
  const int64_t outputs = sum.samples * sum.networks * sum.classes;
  const int64_t step = static_cast<int64_t>(gridDim.x) * kTeams;
  const int team = static_cast<int>(threadIdx.x) / kLanes;
  for (int64_t output = static_cast<int64_t>(blockIdx.x) * kTeams + team; output < outputs;
       output += step) {
    body(OutputLane(sum, output, threadIdx.x % kLanes));
  }
}

template <int kLanes>
__global__ void __launch_bounds__(kSmoothedReluSumThreads)
    smoothed_relu_sum_forward(const __grid_constant__ SmoothedReluSumParameters a) {
  const SmoothedRelu relu(a.sum);
  const Lanes<kLanes> lanes;
  for_each_output<kLanes>(a.sum, [&](const OutputLane& neurons) {
    float total = 0;
    neurons.for_each(kLanes, a.pre_activations,
                     [&](int64_t, float pre_activation) { total += relu.value(pre_activation); });
    total = lanes.sum(total);
    if (threadIdx.x % kLanes == 0) a.output[neurons.output()] = total;
  });
}

template <int kLanes>
__global__ void __launch_bounds__(kSmoothedReluSumThreads)
    smoothed_relu_sum_backward(const __grid_constant__ SmoothedReluSumParameters a) {
  const SmoothedRelu relu(a.sum);
  for_each_output<kLanes>(a.sum, [&](const OutputLane& neurons) {
    const float gradient = a.output_gradient[neurons.output()];
    neurons.for_each(kLanes, a.pre_activations, [&](int64_t place, float pre_activation) {
      a.gradient[place] = relu.derivative(relu.fraction(pre_activation)) * gradient;
    });
  });
}

}  // namespace retort::cuda
