// retort_cuda_smoothed_relu_sum_forward and its gradient: checks and launches.
#include "smoothed_relu_sum.cuh"

#include <type_traits>

#include "retort/cuda_network.h"
#include "smoothed_relu_sum_arguments.h"

namespace retort::cuda {
namespace {

// body(a number of lanes, as a type) for outputs of so many neurons.
template <typename Body>
retort_status with_lanes(int64_t neurons, Body body) {
  if (neurons == 1) return body(std::integral_constant<int, 1>{});
  if (neurons == 2) return body(std::integral_constant<int, 2>{});
  if (neurons <= 4) return body(std::integral_constant<int, 4>{});
  if (neurons <= 8) return body(std::integral_constant<int, 8>{});
  if (neurons <= 16) return body(std::integral_constant<int, 16>{});
  return body(std::integral_constant<int, 32>{});
}

LaunchShape output_launch(const retort_smoothed_relu_sum& sum, int lanes) {
  const int64_t teams = kSmoothedReluSumThreads / lanes;
  const int64_t outputs = sum.samples * sum.networks * sum.classes;
  return {std::min((outputs - 1) / teams + 1, kMostBlocks), kSmoothedReluSumThreads, 1, 0};
}

}  // namespace
}  // namespace retort::cuda

retort_status retort_cuda_smoothed_relu_sum_forward(const retort_smoothed_relu_sum* sum,
                                                    const float* pre_activations, float* output,
                                                    void* stream) {
  using namespace retort::cuda;
  RETORT_CHECK(retort::check_smoothed_relu_sum_forward(sum, pre_activations, output));
  if (sum->samples == 0) return RETORT_OK;
  return with_lanes(sum->neurons, [&](auto lanes) {
    return launch(smoothed_relu_sum_forward<decltype(lanes)::value>,
                  output_launch(*sum, decltype(lanes)::value), stream,
                  SmoothedReluSumParameters{*sum, pre_activations, output, nullptr, nullptr});
  });
}

retort_status retort_cuda_smoothed_relu_sum_backward(const retort_smoothed_relu_sum* sum,
                                                     const float* pre_activations,
                                                     const float* output_gradient,
                                                     float* pre_activation_gradient, void* stream) {
  using namespace retort::cuda;
  RETORT_CHECK(retort::check_smoothed_relu_sum_backward(sum, pre_activations, output_gradient,
                                                        pre_activation_gradient));
  if (sum->samples == 0) return RETORT_OK;
  return with_lanes(sum->neurons, [&](auto lanes) {
    return launch(smoothed_relu_sum_backward<decltype(lanes)::value>,
                  output_launch(*sum, decltype(lanes)::value), stream,
                  SmoothedReluSumParameters{*sum, pre_activations, nullptr, output_gradient,
                                            pre_activation_gradient});
  });
}
