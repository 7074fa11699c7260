/*
 * The operations of network.h on CUDA devices, with the same meaning, but for convolution and matrix products,
 * which cuDNN and cuBLAS have. They are in the library retort_cuda.
 *
 * A function takes the arguments of its namesake in their order, and a stream in the place of the executor. What
 * cuda.h says of memory, streams, bits and errors holds here too: option structs and scalars are the host's, every
 * array is memory that the current device can reach, a call puts its kernels into the stream and returns. In
 * particular
 *
 *   Alignment  Arrays are aligned to their elements; aligned to 16 bytes they are faster.
 *   Workspace  Of the device; its size in floats comes from the function of the same name that ends in _workspace,
 *              which is not the size of network.h. Calls that may run at the same time need one each. Its contents
 *              mean nothing afterwards.
 *   Sizes      Channels and columns are at most 2^30, as are width x channels and images x height of images that are
 *              pooled alone, whose kernel, height and width are at most 2^28 each; RETORT_UNSUPPORTED beyond.
 *   Results    They are as accurate as the CPU's, and not the same bits: sums are cut for the device.
 */
#ifndef RETORT_CUDA_NETWORK_H
#define RETORT_CUDA_NETWORK_H

#include "retort/cuda.h"
#include "retort/network.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- pooling ------------------------------------------------------------------------------------- */

RETORT_API retort_status retort_cuda_max_pool_forward(const retort_pooling* pooling,
                                                      const float* input, float* output,
                                                      void* stream);

RETORT_API retort_status retort_cuda_max_pool_backward(const retort_pooling* pooling,
                                                       const float* input,
                                                       const float* output_gradient,
                                                       float* input_gradient, void* stream);

RETORT_API retort_status retort_cuda_max_pool_tangent(const retort_pooling* pooling,
                                                      const float* input,
                                                      const float* input_tangent,
                                                      float* output_tangent, void* stream);

RETORT_API retort_status retort_cuda_average_pool_forward(const retort_pooling* pooling,
                                                          const float* input, float* output,
                                                          void* stream);

RETORT_API retort_status retort_cuda_average_pool_backward(const retort_pooling* pooling,
                                                           const float* output_gradient,
                                                           float* input_gradient, void* stream);

/* ---- batch normalisation ------------------------------------------------------------------------- */

/* Floats of workspace that the operations below need at the most; -1 where the arguments are not valid. */
RETORT_API int64_t retort_cuda_batch_norm_workspace(const retort_batch_norm* batch_norm);

RETORT_API retort_status retort_cuda_batch_norm_training(
    const retort_batch_norm* batch_norm, const float* input, const float* scale, const float* shift,
    float momentum, float* running_mean, float* running_variance, float* mean,
    float* inverse_deviation, float* output, float* workspace, void* stream);

RETORT_API retort_status retort_cuda_batch_norm_inference(
    const retort_batch_norm* batch_norm, const float* input, const float* scale, const float* shift,
    const float* running_mean, const float* running_variance, float* output, void* stream);

RETORT_API retort_status retort_cuda_batch_norm_backward(
    const retort_batch_norm* batch_norm, const float* input, const float* scale, const float* shift,
    const float* mean, const float* inverse_deviation, const float* output_gradient,
    float* input_gradient, float* scale_gradient, float* shift_gradient, float* workspace,
    void* stream);

RETORT_API retort_status retort_cuda_batch_norm_tangent(
    const retort_batch_norm* batch_norm, const float* input, const float* scale, const float* shift,
    const float* mean, const float* inverse_deviation, const float* input_tangent,
    const float* scale_tangent, const float* shift_tangent, float* output_tangent, float* workspace,
    void* stream);

/* ---- elementwise --------------------------------------------------------------------------------- */

RETORT_API retort_status retort_cuda_relu_forward(int64_t size, const float* input, float* output,
                                                  void* stream);

RETORT_API retort_status retort_cuda_relu_backward(int64_t size, const float* output,
                                                   const float* output_gradient,
                                                   float* input_gradient, void* stream);

RETORT_API retort_status retort_cuda_linear_combination(int64_t size, float a, const float* x,
                                                        float b, const float* y, float* output,
                                                        void* stream);

RETORT_API retort_status retort_cuda_add_to_rows(int64_t rows, int64_t columns, const float* row,
                                                 float* matrix, void* stream);

/* Floats of workspace for retort_cuda_column_sums; -1 where the sizes are not valid. */
RETORT_API int64_t retort_cuda_column_sums_workspace(int64_t rows, int64_t columns);

RETORT_API retort_status retort_cuda_column_sums(int64_t rows, int64_t columns, const float* matrix,
                                                 float* sums, float* workspace, void* stream);

/* output = input, of `size` elements, as the other type: from f32 rounded to the nearest, ties to even, beyond the
 * largest number to infinity; between f16 and bf16 rounded once, by way of f32, which holds both. A NaN stays a NaN.
 * The types may be the same. The output may be the input where the elements are of one size. */
RETORT_API retort_status retort_cuda_convert(retort_dtype from, retort_dtype to, int64_t size,
                                             const void* input, void* output, void* stream);

/* ---- smoothed ReLU sum --------------------------------------------------------------------------- */

RETORT_API retort_status retort_cuda_smoothed_relu_sum_forward(const retort_smoothed_relu_sum* sum,
                                                               const float* pre_activations,
                                                               float* output, void* stream);

RETORT_API retort_status retort_cuda_smoothed_relu_sum_backward(const retort_smoothed_relu_sum* sum,
                                                                const float* pre_activations,
                                                                const float* output_gradient,
                                                                float* pre_activation_gradient,
                                                                void* stream);

/* ---- optimiser steps ----------------------------------------------------------------------------- */

RETORT_API retort_status retort_cuda_sgd_step(int64_t size, float learning_rate, float momentum,
                                              int32_t nesterov, float weight_decay,
                                              const float* gradient, float* velocity,
                                              float* parameter, void* stream);

RETORT_API retort_status retort_cuda_adam_step(const retort_adam* adam, int64_t size,
                                               const float* gradient, float* first_moment,
                                               float* second_moment, float* parameter,
                                               void* stream);

#ifdef __cplusplus
}
#endif
#endif
