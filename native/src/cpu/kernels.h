// The kernels of one instruction set, each over a run of rows. Arguments are checked before they get
// here; strides count elements.
#pragma once

#include <cstdint>

#include "retort/retort.h"

namespace retort {

// The members of an ensemble whose weight is not 0; the weights add up to 1.
struct MemberLogits {
  const float* const* logits;
  const float* weights;
  int64_t count;
  int64_t stride;
};

struct EnsembleMeanRows {
  MemberLogits members;
  retort_mean mean;
  retort_output output_kind;
  float temperature;
  int64_t classes;
  float* output;
  int64_t output_stride;
};

struct DistillationLossRows {
  const float* student;
  int64_t student_stride;
  MemberLogits teachers;
  retort_mean mean;
  float temperature;
  float alpha;
  float label_smoothing;
  float soft_scale;  // temperature^2 or 1
  int64_t classes;
  const void* labels;  // null: none
  retort_label_type label_type;
  int64_t ignore_index;
  const float* row_weights;  // null: 1
  double gradient_scale;     // 1 / denominator
  float* gradient;           // null: not wanted
  int64_t gradient_stride;
  float* row_loss;  // null: not wanted
};

struct LossSums {
  double hard;
  double soft;
};

// The geometry of a convolution, or of one of the correlations that its gradient on the input is
// made of:
//
//   output(y, x, o) = sum over i, j, c of
//       source(y * stride + i - top, x * stride + j - left, c) * weights(o, i, j, c)
//
// where a tap outside the source contributes nothing.
struct Correlation {
  int64_t source_height;
  int64_t source_width;
  int64_t source_channels;
  int64_t kernel_height;
  int64_t kernel_width;
  int64_t stride;
  int64_t top;   // padding; below 0: rows of the source that no window meets
  int64_t left;  // alike
  int64_t output_height;
  int64_t output_width;
  int64_t output_channels;

  int64_t taps() const { return kernel_height * kernel_width * source_channels; }
};

// weights(o, i, j, c) = first[o * output_stride + i * row_stride + j * column_stride + c *
// channel_stride].
struct ConvolutionWeights {
  const float* first;
  int64_t output_stride;
  int64_t row_stride;
  int64_t column_stride;
  int64_t channel_stride;
  const float* bias;  // null: 0
};

// output(y, x, o) = first[y * row_stride + x * pixel_stride + o].
struct ConvolutionOutput {
  float* first;
  int64_t row_stride;
  int64_t pixel_stride;
};

struct Kernels {
  const char* instruction_set;
  void (*softmax)(int64_t rows, int64_t classes, const float* logits, int64_t logits_stride,
                  float temperature, bool logarithm, float* output, int64_t output_stride);
  void (*softmax_backward)(int64_t rows, int64_t classes, const float* output, int64_t output_stride,
                           const float* output_gradient, int64_t output_gradient_stride,
                           float temperature, bool logarithm, float* logits_gradient,
                           int64_t logits_gradient_stride);
  void (*ensemble_mean)(const EnsembleMeanRows& arguments, int64_t first_row, int64_t end_row);
  LossSums (*distillation_loss)(const DistillationLossRows& arguments, int64_t first_row,
                                int64_t end_row);
  void (*convolution_pack)(const Correlation& correlation, const ConvolutionWeights& weights,
                           int64_t first_channel, int64_t end_channel, float* packed);
  void (*convolution_rows)(const Correlation& correlation, const float* source, const float* packed,
                           const ConvolutionOutput& output, int64_t first_row, int64_t end_row,
                           float* tile);
  void (*convolution_weights_rows)(const Correlation& correlation, const float* source,
                                   const float* output_gradient, int64_t first_row, int64_t end_row,
                                   int64_t first_channel, int64_t end_channel, float* tile,
                                   float* packed_gradient);
  void (*convolution_weights_sum)(const Correlation& correlation, int64_t parts,
                                  const float* packed_parts, int64_t part_stride,
                                  int64_t first_channel, int64_t end_channel,
                                  float* weights_gradient);
};

extern const Kernels kernels_scalar;
#if defined(RETORT_X86_64)
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#endif

// The kernels of the instruction set in use (see retort_instruction_set).
const Kernels& kernels();

}  // namespace retort
