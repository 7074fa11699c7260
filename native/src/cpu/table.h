// All kernels, compiled for the instruction set of the file that includes this one.
#pragma once

#include "batch_norm.h"
#include "batch_norm_max_pool.h"
#include "convolution.h"
#include "convolution_backward_weights.h"
#include "distillation_loss.h"
#include "distillation_tangent.h"
#include "elementwise.h"
#include "ensemble_mean.h"
#include "kernels.h"
#include "matrix_product.h"
#include "optimizer.h"
#include "pooling.h"
#include "smoothed_relu_sum.h"
#include "softmax.h"
#include "sparse_distillation_loss.h"
#include "top_k.h"

namespace {

constexpr retort::Kernels table_of(const char* instruction_set) {
  return {
      instruction_set,
      softmax,
      softmax_backward,
      ensemble_mean,
      distillation_loss,
      distillation_tangent,
      max_pool_forward,
      max_pool_backward,
      max_pool_tangent,
      average_pool_forward,
      average_pool_backward,
      batch_norm_moments,
      batch_norm_normalize,
      batch_norm_sums,
      batch_norm_backward,
      batch_norm_tangent,
      batch_norm_max_pool,
      batch_norm_max_pool_sums,
      batch_norm_max_pool_backward,
      batch_norm_max_pool_tangent,
      relu_forward,
      relu_backward,
      linear_combination,
      add_to_rows,
      column_sums,
      smoothed_relu_sum_forward,
      smoothed_relu_sum_backward,
      sgd_step,
      adam_step,
      convolution_pack,
      convolution_rows,
      convolution_weights_rows,
      convolution_weights_sum,
      matrix_product_block,
      top_k,
      sparse_distillation_loss,
  };
}

}  // namespace
