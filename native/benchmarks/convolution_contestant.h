// One implementation of a convolution under comparison.
#pragma once

#include <memory>
#include <vector>

#include "retort/network.h"

namespace retort::benchmark {

// Laid out as in network.h.
struct ConvolutionTensors {
  retort_convolution shape;
  int64_t output_height;
  int64_t output_width;
  std::vector<float> input, weights, output_gradient;
  std::vector<float> output, input_gradient, weights_gradient;
};

// Made for the tensors of one shape; making it, and copying results back, is not timed.
class ConvolutionContestant {
 public:
  virtual ~ConvolutionContestant() = default;
  virtual void forward() = 0;
  virtual void backward_input() = 0;
  virtual void backward_weights() = 0;
  // Makes sure that the results of the three are in the tensors.
  virtual void copy_results() {}
};

using MakeConvolution = std::unique_ptr<ConvolutionContestant>(ConvolutionTensors& tensors,
                                                               const retort_executor* executor);

MakeConvolution make_retort;
// Per task of images: im2col, then cblas_sgemm on the task's thread.
MakeConvolution make_openblas;
// oneDNN on channels-last images; weights in its own layout.
MakeConvolution make_onednn_channels_last;
// oneDNN with every layout its own, and no copies to or from it counted.
MakeConvolution make_onednn_own_layout;

}  // namespace retort::benchmark
