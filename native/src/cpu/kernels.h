// The kernels of one instruction set, each over a run of rows. Arguments are checked before they get
// here; strides count elements.
#pragma once

#include <cstdint>

#include "retort/retort.h"

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
};

extern const Kernels kernels_scalar;
#if defined(RETORT_X86_64)
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#endif

// The kernels of the instruction set in use (see retort_instruction_set).
const Kernels& kernels();

}  // namespace retort
