// What the kernels are given: the arguments of an operation, checked and normalised. They travel by value, as
// a kernel's parameters; every pointer in them is the device's.
#pragma once

#include "cpu/kernels.h"

namespace retort::cuda {

struct Member {
  const void* logits;
  void* gradient;          // of retort_cuda_distillation_tangent
  const int32_t* indices;  // of sparse teachers, whose logits are f32 values
  float weight;
  float scale;  // what the logits are multiplied by: T / the member's own temperature
};

constexpr int kMostInlineMembers = 16;

// The members of an ensemble whose weight is not 0; the weights add up to 1. Few travel with the parameters, more
// lie in the workspace.
struct EnsembleMembers {
  Member first[kMostInlineMembers];
  const Member* all;  // null: in `first`
  int count;
  retort_form form;
  int64_t stride;
};

struct SoftmaxParameters {
  int64_t rows;
  int classes;
  float temperature;
  bool logarithm;
  ConstMatrixRows logits;
  MatrixRows output;
};

struct SoftmaxBackwardParameters {
  int64_t rows;
  int classes;
  float temperature;
  bool logarithm;
  ConstMatrixRows output;
  ConstMatrixRows output_gradient;
  MatrixRows logits_gradient;
};

struct TopKParameters {
  int64_t rows;
  int classes;
  int k;
  retort_form form;
  float temperature;
  ConstMatrixRows logits;
  int32_t* indices;
  int64_t indices_stride;
  float* values;
  int64_t values_stride;
};

struct EnsembleMeanParameters {
  int64_t rows;
  int classes;
  EnsembleMembers members;
  retort_mean mean;
  retort_form output_form;
  float temperature;
  MatrixRows output;
};

// What the sums over a loss's rows are divided by, found on the device.
struct Denominator {
  double value;
  double scale;  // 1 / value; 0 where there is nothing to divide
  int64_t counted_rows;
};

struct DistillationParameters {
  retort_distillation_loss_options options;
  float soft_scale;  // T^2 or 1
  int64_t rows;
  int classes;
  ConstMatrixRows student;
  EnsembleMembers teachers;
  const void* labels;              // null: none
  const float* row_weights;        // null: 1
  const Denominator* denominator;  // null: the host knows it
  double gradient_scale;           // 1 / denominator where the host knows it
  MatrixRows gradient;
  float* row_loss;     // null: not wanted
  LossSums* row_sums;  // [rows] weighted; null: not wanted
};

struct DistillationTangentParameters : DistillationParameters {
  ConstMatrixRows tangent;
  int64_t teacher_gradient_stride;  // the members name the gradients
};

// The teachers are sparse matrices of `k` columns.
struct SparseDistillationParameters : DistillationParameters {
  retort_tail tail;
  int k;
};

}  // namespace retort::cuda
