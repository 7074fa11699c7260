// One implementation of a convolution under comparison.
#pragma once

#include <memory>
#include <new>
#include <vector>

#include "retort/network.h"

namespace retort::benchmark {

// Allocates at multiples of 64 bytes, as frameworks do.
template <typename T>
struct AlignedAllocator {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{64};

  AlignedAllocator() = default;
  template <typename U>
  AlignedAllocator(const AlignedAllocator<U>&) {}

  T* allocate(size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kAlignment)); }
  void deallocate(T* p, size_t) { ::operator delete(p, kAlignment); }
  bool operator==(const AlignedAllocator&) const { return true; }
  bool operator!=(const AlignedAllocator&) const { return false; }
};

using Floats = std::vector<float, AlignedAllocator<float>>;

// Laid out as in network.h.
struct ConvolutionTensors {
  retort_convolution shape;
  int64_t output_height;
  int64_t output_width;
  Floats input, weights, output_gradient;
  Floats output, input_gradient, weights_gradient;
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
