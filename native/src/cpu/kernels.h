// The kernels of one instruction set, each over a run of rows. Arguments are checked before they
// get here; strides count elements.
#pragma once

#include <cstdint>

#include "retort/network.h"
#include "retort/sparse_distillation.h"

namespace retort {

// The members of an ensemble whose weight is not 0; the weights add up to 1.
struct MemberLogits {
  retort_dtype dtype;
  retort_form form;
  const void* const* logits;
  const float* weights;
  const float* scales;  // what a member's logits are multiplied by: T / its own temperature
  int64_t count;
  int64_t stride;
};

struct MatrixRows {
  void* data;  // null: not wanted
  int64_t stride;
};

struct ConstMatrixRows {
  const void* data;
  int64_t stride;
};

struct SoftmaxRows {
  retort_dtype dtype;
  int64_t classes;
  float temperature;
  bool logarithm;
  ConstMatrixRows logits;
  MatrixRows output;
};

struct SoftmaxBackwardRows {
  retort_dtype dtype;
  int64_t classes;
  float temperature;
  bool logarithm;
  ConstMatrixRows output;
  ConstMatrixRows output_gradient;
  MatrixRows logits_gradient;
};

struct EnsembleMeanRows {
  MemberLogits members;
  retort_mean mean;
  retort_form output_kind;
  float temperature;
  int64_t classes;
  MatrixRows output;
};

// What the loss and its tangent are computed of.
struct DistillationRows {
  retort_distillation_loss_options options;
  float soft_scale;  // T^2 or 1
  int64_t classes;
  ConstMatrixRows student;
  MemberLogits teachers;
  const void* labels;        // null: none
  const float* row_weights;  // null: 1
  double gradient_scale;     // 1 / denominator
};

struct DistillationLossRows {
  DistillationRows rows;
  MatrixRows gradient;
  float* row_loss;  // null: not wanted
  bool wants_sums;  // whether the losses' sums are
  // Whether the gradient is written past the cache: it is too large to be found there again.
  bool streams_gradient;
};

struct DistillationTangentRows {
  DistillationRows rows;
  ConstMatrixRows tangent;
  void* const* teacher_gradients;  // one for each member of rows.teachers
  int64_t teacher_gradient_stride;
};

struct LossSums {
  double hard;
  double soft;
};

struct TopKRows {
  retort_dtype dtype;
  int64_t classes;
  int64_t k;
  retort_form form;
  float temperature;
  ConstMatrixRows logits;
  int32_t* indices;
  int64_t indices_stride;
  float* values;
  int64_t values_stride;
};

// The sparse teachers whose weight is not 0.
struct SparseTeachers {
  MemberLogits values;  // f32, of the form that the options say
  const int32_t* const* indices;
  int64_t k;
};

struct SparseDistillationLossRows {
  DistillationRows rows;  // but for its teachers
  SparseTeachers teachers;
  retort_tail tail;
  MatrixRows gradient;
  float* row_loss;  // null: not wanted
};

// Reductions over rows work on this many columns at the most.
constexpr int64_t kMostReducedColumns = 256;

struct PoolingGeometry {
  retort_pooling pooling{};
  int64_t output_height = 0;
  int64_t output_width = 0;
  bool windows_overlap = false;
};

// The channels that a batch normalisation works on, of all or a block of them.
struct BatchNormChannels {
  int64_t count;
  int64_t stride;  // of the rows of every matrix
  const float* mean;
  const float* inverse_deviation;
  const float* scale;
  const float* shift;
  bool rectify;
};

// output = direction_factor * direction + centred_factor * (input - mean) + constant
struct BatchNormDerivative {
  const float* direction;  // null: 0
  const float* direction_factor;
  const float* centred_factor;
  const float* constant;
  float* output;
};

struct SgdStep {
  float learning_rate;
  float momentum;
  bool nesterov;
  float weight_decay;
};

struct AdamStep {
  float beta1;
  float beta2;
  float epsilon;
  float gradient_decay;            // adds this times the parameter to the gradient
  float parameter_factor;          // multiplies the parameter first
  float step_size;                 // learning rate / (1 - beta1^step)
  float second_moment_correction;  // 1 / sqrt(1 - beta2^step)
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

// A block of c = scale * op(a) * op(b), plus c where it accumulates; op(a) is [rows, depth], op(b) [depth, columns].
// One of b's strides is 1.
struct ProductBlock {
  int64_t rows;
  int64_t columns;
  int64_t depth;
  const float* a;
  int64_t a_row_stride;
  int64_t a_depth_stride;
  const float* b;
  int64_t b_depth_stride;
  int64_t b_column_stride;
  float scale;
  bool accumulate;
  float* c;
  int64_t c_stride;
};

struct Kernels {
  const char* instruction_set;
  void (*softmax)(const SoftmaxRows& arguments, int64_t first_row, int64_t end_row);
  void (*softmax_backward)(const SoftmaxBackwardRows& arguments, int64_t first_row,
                           int64_t end_row);
  void (*ensemble_mean)(const EnsembleMeanRows& arguments, int64_t first_row, int64_t end_row);
  LossSums (*distillation_loss)(const DistillationLossRows& arguments, int64_t first_row,
                                int64_t end_row);
  void (*distillation_tangent)(const DistillationTangentRows& arguments, int64_t first_row,
                               int64_t end_row);

  // Pooling: over the output's rows, of all images one after the other. Where windows overlap,
  // backward takes whole images.
  void (*max_pool_forward)(const PoolingGeometry& geometry, const float* input, float* output,
                           int64_t first_row, int64_t end_row);
  void (*max_pool_backward)(const PoolingGeometry& geometry, const float* input,
                            const float* output_gradient, float* input_gradient, int64_t first_row,
                            int64_t end_row);
  void (*max_pool_tangent)(const PoolingGeometry& geometry, const float* input,
                           const float* input_tangent, float* output_tangent, int64_t first_row,
                           int64_t end_row);
  void (*average_pool_forward)(const PoolingGeometry& geometry, const float* input, float* output,
                               int64_t first_row, int64_t end_row);
  void (*average_pool_backward)(const PoolingGeometry& geometry, const float* output_gradient,
                                float* input_gradient, int64_t first_row, int64_t end_row);

  // Mean and sum of squared deviations of each column.
  void (*batch_norm_moments)(int64_t rows, int64_t columns, int64_t stride, const float* input,
                             float* mean, float* squares);
  void (*batch_norm_normalize)(const BatchNormChannels& channels, int64_t rows, const float* input,
                               float* output);
  // Sums over the rows of `direction` and of `direction` * (input - mean); where `masked`, of the
  // part of it that the rectifier lets through.
  void (*batch_norm_sums)(const BatchNormChannels& channels, bool masked, int64_t rows,
                          const float* input, const float* direction, float* sum,
                          float* centred_sum);
  void (*batch_norm_backward)(const BatchNormChannels& channels,
                              const BatchNormDerivative& derivative, int64_t rows,
                              const float* input);
  void (*batch_norm_tangent)(const BatchNormChannels& channels,
                             const BatchNormDerivative& derivative, int64_t rows,
                             const float* input);

  // The same of a batch normalisation that goes into max pooling, over the output's rows, of all images one after the
  // other. Backward writes the rows of the input's gradient that these rows of windows lie on, and below the last of an
  // image all that remain.
  void (*batch_norm_max_pool)(const BatchNormChannels& channels, const PoolingGeometry& geometry,
                              const float* input, float* output, int64_t first_row,
                              int64_t end_row);
  void (*batch_norm_max_pool_sums)(const BatchNormChannels& channels,
                                   const PoolingGeometry& geometry, const float* input,
                                   const float* direction, float* sum, float* centred_sum,
                                   int64_t first_row, int64_t end_row);
  void (*batch_norm_max_pool_backward)(const BatchNormChannels& channels,
                                       const PoolingGeometry& geometry,
                                       const BatchNormDerivative& derivative, const float* input,
                                       int64_t first_row, int64_t end_row);
  void (*batch_norm_max_pool_tangent)(const BatchNormChannels& channels,
                                      const PoolingGeometry& geometry,
                                      const BatchNormDerivative& derivative, const float* input,
                                      int64_t first_row, int64_t end_row);

  void (*relu_forward)(int64_t size, const float* input, float* output);
  void (*relu_backward)(int64_t size, const float* output, const float* output_gradient,
                        float* input_gradient);
  void (*linear_combination)(int64_t size, float a, const float* x, float b, const float* y,
                             float* output);
  void (*add_to_rows)(int64_t rows, int64_t columns, const float* row, float* matrix);
  void (*column_sums)(int64_t rows, int64_t columns, int64_t stride, const float* matrix,
                      float* sums);

  void (*smoothed_relu_sum_forward)(const retort_smoothed_relu_sum& sum,
                                    const float* pre_activations, float* output,
                                    int64_t first_sample, int64_t end_sample);
  void (*smoothed_relu_sum_backward)(const retort_smoothed_relu_sum& sum,
                                     const float* pre_activations, const float* output_gradient,
                                     float* pre_activation_gradient, int64_t first_sample,
                                     int64_t end_sample);

  void (*sgd_step)(const SgdStep& step, int64_t size, const float* gradient, float* velocity,
                   float* parameter);
  void (*adam_step)(const AdamStep& step, int64_t size, const float* gradient, float* first_moment,
                    float* second_moment, float* parameter);

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

  void (*matrix_product_block)(const ProductBlock& block);

  void (*top_k)(const TopKRows& arguments, int64_t first_row, int64_t end_row);
  LossSums (*sparse_distillation_loss)(const SparseDistillationLossRows& arguments,
                                       int64_t first_row, int64_t end_row);
};

extern const Kernels kernels_scalar;
#if defined(RETORT_X86_64)
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#endif

// The kernels of the instruction set in use (see retort_instruction_set).
const Kernels& kernels();

}  // namespace retort
