#include <cstdio>
#include <cstdlib>

#include "convolution_contestant.h"

namespace retort::benchmark {
namespace {

class Retort : public ConvolutionContestant {
 public:
  Retort(ConvolutionTensors& tensors, const retort_executor* executor)
      : t_(tensors),
        executor_(executor),
        workspace_(static_cast<size_t>(retort_convolution_workspace(&tensors.shape))) {}

  void forward() override {
    check(retort_convolution_forward(&t_.shape, t_.input.data(), t_.weights.data(), nullptr,
                                     t_.output.data(), workspace_.data(), executor_));
  }
  void backward_input() override {
    check(retort_convolution_backward_input(&t_.shape, t_.output_gradient.data(), t_.weights.data(),
                                            t_.input_gradient.data(), workspace_.data(),
                                            executor_));
  }
  void backward_weights() override {
    check(retort_convolution_backward_weights(&t_.shape, t_.input.data(), t_.output_gradient.data(),
                                              t_.weights_gradient.data(), workspace_.data(),
                                              executor_));
  }

 private:
  static void check(retort_status status) {
    if (status == RETORT_OK) return;
    std::fprintf(stderr, "%s\n", retort_last_error());
    std::exit(1);
  }

  ConvolutionTensors& t_;
  const retort_executor* executor_;
  Floats workspace_;
};

}  // namespace

std::unique_ptr<ConvolutionContestant> make_retort(ConvolutionTensors& tensors,
                                                   const retort_executor* executor) {
  return std::make_unique<Retort>(tensors, executor);
}

}  // namespace retort::benchmark
