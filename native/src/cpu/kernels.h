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
};

extern const Kernels kernels_scalar;
#if defined(RETORT_X86_64)
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#endif

// The kernels of the instruction set in use (see retort_instruction_set).
const Kernels& kernels();

}  // namespace retort
