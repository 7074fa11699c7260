/*
 * What a small training loop needs beside retort.h: convolution, pooling, batch normalisation,
 * matrix products, elementwise operations and optimiser steps, forward and backward, on the CPU.
 *
 * Conventions, besides those of retort.h
 *
 *   Images     f32, channels last and without gaps: [images, height, width, channels].
 *   Matrices   f32, row-major and without gaps unless a stride is given.
 *   Gradients  A backward operation overwrites its outputs; it does not add to them.
 *   Tangents   The directional derivative of a linear operation is the operation itself; only those
 * that are not linear have a function of their own here. Reductions Sums over rows or images are
 * cut by shape alone and added in a fixed order, so the same arguments give the same bits for any
 * number of threads. Workspace  Where a function asks for one, the caller owns it; its size in
 * floats comes from the function of the same name that ends in _workspace. Its contents mean
 * nothing afterwards. Aliasing   Outputs and inputs are apart unless a comment says otherwise.
 */
#ifndef RETORT_NETWORK_H
#define RETORT_NETWORK_H

#include "retort/retort.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- convolution ------------------------------------------------------------------------------
 */

/* A two-dimensional convolution (cross-correlation) over zero-padded images. Output height is
 * (input_height + 2 * padding - kernel_height) / stride + 1, rounded down, which must be at least
 * 1; width alike. Every size is at least 1, but for images and padding, which may be 0; padding is
 * less than the kernel.
 *
 * Padding may take part as zeros: where weights or output gradient hold an infinity or a NaN, the
 * pixels whose windows reach into the padding may become NaN.
 *
 *   input    [images, input_height, input_width, input_channels]
 *   weights  [output_channels, kernel_height, kernel_width, input_channels]
 *   output   [images, output height, output width, output_channels]
 */
typedef struct retort_convolution {
  int64_t images;
  int64_t input_height;
  int64_t input_width;
  int64_t input_channels;
  int64_t output_channels;
  int64_t kernel_height;
  int64_t kernel_width;
  int64_t stride;
  int64_t padding;
} retort_convolution;

/* Floats of workspace that each of the three operations below needs at the most; -1 where the
 * convolution is not valid (the message says why). */
RETORT_API int64_t retort_convolution_workspace(const retort_convolution* convolution);

/* output = convolution of input with weights, plus bias [output_channels] where that is not null.
 */
RETORT_API retort_status retort_convolution_forward(const retort_convolution* convolution,
                                                    const float* input, const float* weights,
                                                    const float* bias, float* output,
                                                    float* workspace,
                                                    const retort_executor* executor);

/* The gradient on the input, given the gradient on the output. */
RETORT_API retort_status retort_convolution_backward_input(const retort_convolution* convolution,
                                                           const float* output_gradient,
                                                           const float* weights,
                                                           float* input_gradient, float* workspace,
                                                           const retort_executor* executor);

/* The gradient on the weights, given input and gradient on the output. The gradient on the bias is
 * retort_column_sums of the latter. */
RETORT_API retort_status retort_convolution_backward_weights(
    const retort_convolution* convolution, const float* input, const float* output_gradient,
    float* weights_gradient, float* workspace, const retort_executor* executor);

/* ---- pooling ----------------------------------------------------------------------------------
 */

/* Windows of kernel x kernel that start every `stride` pixels; output height is
 * (input_height + 2 * padding - kernel) / stride + 1, rounded down, at least 1; width alike.
 * Padding is less than the kernel, and never the winner nor counted in a mean.
 *
 *   input    [images, input_height, input_width, channels]
 *   output   [images, output height, output width, channels]
 */
typedef struct retort_pooling {
  int64_t images;
  int64_t input_height;
  int64_t input_width;
  int64_t channels;
  int64_t kernel;
  int64_t stride;
  int64_t padding;
} retort_pooling;

/* output = the largest of each window; a NaN wins. */
RETORT_API retort_status retort_max_pool_forward(const retort_pooling* pooling, const float* input,
                                                 float* output, const retort_executor* executor);

/* Gives each window's gradient to its winner: the first (row by row) of the largest. */
RETORT_API retort_status retort_max_pool_backward(const retort_pooling* pooling, const float* input,
                                                  const float* output_gradient,
                                                  float* input_gradient,
                                                  const retort_executor* executor);

/* output_tangent = the input tangent of each window's winner. */
RETORT_API retort_status retort_max_pool_tangent(const retort_pooling* pooling, const float* input,
                                                 const float* input_tangent, float* output_tangent,
                                                 const retort_executor* executor);

/* output = the mean of each window. A kernel the size of the image is a global average. */
RETORT_API retort_status retort_average_pool_forward(const retort_pooling* pooling,
                                                     const float* input, float* output,
                                                     const retort_executor* executor);

RETORT_API retort_status retort_average_pool_backward(const retort_pooling* pooling,
                                                      const float* output_gradient,
                                                      float* input_gradient,
                                                      const retort_executor* executor);

/* ---- batch normalisation ------------------------------------------------------------------------
 */

/* Ioffe & Szegedy, "Batch Normalization" (2015), over the rows of a matrix [rows, channels] (for
 * images every pixel is a row):
 *
 *   normalized = (input - mean) / sqrt(variance + epsilon)      output = scale * normalized + shift
 *
 * and, where `rectify` is not 0, output = max(0, output). All vectors are [channels].
 *
 * Where `max_pool` is not null, max pooling of that output follows, as in retort_max_pool_forward, and what is said of
 * the output below holds for the pooled images, which must be another matrix than the input. The rows are then the
 * pixels of the pooling's images, in their order, and its windows lie side by side: the stride is the kernel and there
 * is no padding.
 */
typedef struct retort_batch_norm {
  int64_t rows;
  int64_t channels;
  float epsilon; /* finite, > 0 */
  int32_t rectify;
  const retort_pooling* max_pool; /* null: none */
} retort_batch_norm;

/* Floats of workspace that the operations below need at the most; -1 where the arguments are not
 * valid. */
RETORT_API int64_t retort_batch_norm_workspace(const retort_batch_norm* batch_norm);

/* Normalises by the mean and the (biased) variance of the rows, which come out in `mean` and
 * `inverse_deviation` = 1 / sqrt(variance + epsilon), and moves the running statistics:
 * running = (1 - momentum) * running + momentum * batch, with the unbiased variance. The running
 * statistics may be null. The output may be the input. At least one row. */
RETORT_API retort_status retort_batch_norm_training(
    const retort_batch_norm* batch_norm, const float* input, const float* scale, const float* shift,
    float momentum, float* running_mean, float* running_variance, float* mean,
    float* inverse_deviation, float* output, float* workspace, const retort_executor* executor);

/* Normalises by the running statistics. The output may be the input. */
RETORT_API retort_status retort_batch_norm_inference(const retort_batch_norm* batch_norm,
                                                     const float* input, const float* scale,
                                                     const float* shift, const float* running_mean,
                                                     const float* running_variance, float* output,
                                                     const retort_executor* executor);

/* The gradients of retort_batch_norm_training, given its input, mean and inverse_deviation. Where
 * the output was rectified, its sign is computed again from the input. `input_gradient` may be
 * `output_gradient`, unless `max_pool` follows. */
RETORT_API retort_status retort_batch_norm_backward(
    const retort_batch_norm* batch_norm, const float* input, const float* scale, const float* shift,
    const float* mean, const float* inverse_deviation, const float* output_gradient,
    float* input_gradient, float* scale_gradient, float* shift_gradient, float* workspace,
    const retort_executor* executor);

/* The directional derivative of retort_batch_norm_training along `input_tangent` (null: 0),
 * `scale_tangent` and `shift_tangent` (null: 0). */
RETORT_API retort_status retort_batch_norm_tangent(
    const retort_batch_norm* batch_norm, const float* input, const float* scale, const float* shift,
    const float* mean, const float* inverse_deviation, const float* input_tangent,
    const float* scale_tangent, const float* shift_tangent, float* output_tangent, float* workspace,
    const retort_executor* executor);

/* ---- matrix product -----------------------------------------------------------------------------
 */

/* cblas_sgemm of any BLAS with 32-bit integers, which Retort does not link to but is lent. It must
 * run on the thread that calls it. */
typedef void (*retort_sgemm)(int order, int transpose_a, int transpose_b, int m, int n, int k,
                             float alpha, const float* a, int lda, const float* b, int ldb,
                             float beta, float* c, int ldc);

/* c = op(a) * op(b), plus c where `accumulate` is not 0; op transposes where its flag is not 0.
 * op(a) is [m, k], op(b) [k, n], c [m, n]. Strides count elements of the matrices as they are
 * stored. c is cut into blocks by shape alone, each the product of one call of `sgemm` or, where that is null, of
 * Retort's own kernel, in which no element depends on the blocks. */
RETORT_API retort_status retort_matrix_product(int32_t transpose_a, int32_t transpose_b, int64_t m,
                                               int64_t n, int64_t k, const float* a,
                                               int64_t a_stride, const float* b, int64_t b_stride,
                                               int32_t accumulate, float* c, int64_t c_stride,
                                               retort_sgemm sgemm, const retort_executor* executor);

/* ---- elementwise --------------------------------------------------------------------------------
 */

/* output = max(0, input); NaN stays NaN. The output may be the input. */
RETORT_API retort_status retort_relu_forward(int64_t size, const float* input, float* output,
                                             const retort_executor* executor);

/* input_gradient = output_gradient where output > 0, else 0; also the tangent. It may be
 * `output_gradient`. */
RETORT_API retort_status retort_relu_backward(int64_t size, const float* output,
                                              const float* output_gradient, float* input_gradient,
                                              const retort_executor* executor);

/* output = a * x + b * y. The output may be x or y. */
RETORT_API retort_status retort_linear_combination(int64_t size, float a, const float* x, float b,
                                                   const float* y, float* output,
                                                   const retort_executor* executor);

/* matrix[r, c] += row[c], in place. */
RETORT_API retort_status retort_add_to_rows(int64_t rows, int64_t columns, const float* row,
                                            float* matrix, const retort_executor* executor);

/* Floats of workspace for retort_column_sums; -1 where the sizes are not valid. */
RETORT_API int64_t retort_column_sums_workspace(int64_t rows, int64_t columns);

/* sums[c] = sum over r of matrix[r, c]. */
RETORT_API retort_status retort_column_sums(int64_t rows, int64_t columns, const float* matrix,
                                            float* sums, float* workspace,
                                            const retort_executor* executor);

/* ---- smoothed ReLU sum --------------------------------------------------------------------------
 */

/* The networks of Allen-Zhu & Li, "Towards Understanding Ensemble, Knowledge Distillation and
 * Self-Distillation in Deep Learning" (2020), from their pre-activations <w, x> on:
 *
 *   output[n, s, i] = sum over patches p and neurons r of
 *       smoothed_relu(pre_activations[s * patches + p, (n * classes + i) * neurons + r])
 *
 *   smoothed_relu(a) = 0                                   a <= 0
 *                      a^q / (q * threshold^(q - 1))       0 <= a <= threshold
 *                      a - (1 - 1 / q) * threshold         threshold <= a
 *
 * with q the degree. Its derivative is 0, (a / threshold)^(q - 1) or 1. A NaN stays in the output, and
 * a gradient in the element, that it concerns. Every size is at least 1, but for samples, which may
 * be 0.
 *
 *   pre_activations  [samples * patches, networks * classes * neurons]
 *   output           [networks, samples, classes]
 */
typedef struct retort_smoothed_relu_sum {
  int64_t samples;
  int64_t patches;
  int64_t networks;
  int64_t classes;
  int64_t neurons;
  int32_t degree;  /* q, 2 to 64 */
  float threshold; /* finite, > 0, and so is its inverse */
} retort_smoothed_relu_sum;

RETORT_API retort_status retort_smoothed_relu_sum_forward(const retort_smoothed_relu_sum* sum,
                                                          const float* pre_activations,
                                                          float* output,
                                                          const retort_executor* executor);

/* The gradient on the pre-activations, given the gradient on the output. It may overwrite the
 * pre-activations. */
RETORT_API retort_status retort_smoothed_relu_sum_backward(const retort_smoothed_relu_sum* sum,
                                                           const float* pre_activations,
                                                           const float* output_gradient,
                                                           float* pre_activation_gradient,
                                                           const retort_executor* executor);

/* ---- optimiser steps ----------------------------------------------------------------------------
 */

/* Stochastic gradient descent with momentum as PyTorch writes it:
 *
 *   g = gradient + weight_decay * parameter      velocity = momentum * velocity + g
 *   parameter -= learning_rate * (nesterov ? g + momentum * velocity : velocity)
 *
 * `velocity` may be null where momentum is 0. */
RETORT_API retort_status retort_sgd_step(int64_t size, float learning_rate, float momentum,
                                         int32_t nesterov, float weight_decay,
                                         const float* gradient, float* velocity, float* parameter,
                                         const retort_executor* executor);

/* Adam (Kingma & Ba, 2015), or where `decoupled` is not 0 AdamW (Loshchilov & Hutter, 2019); `step`
 * counts from 1. */
typedef struct retort_adam {
  float learning_rate;
  float beta1;
  float beta2;
  float epsilon;
  float weight_decay;
  int32_t decoupled;
  int64_t step;
} retort_adam;

RETORT_API retort_status retort_adam_step(const retort_adam* adam, int64_t size,
                                          const float* gradient, float* first_moment,
                                          float* second_moment, float* parameter,
                                          const retort_executor* executor);

#ifdef __cplusplus
}
#endif
#endif
