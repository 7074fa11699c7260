/*
 * Linear distillation on CUDA devices: retort_linear_distillation with the same meaning, on a stream. Conventions are
 * those of retort/cuda.h; the matrix products are those of a cuBLAS that the caller lends, so that retort_cuda needs
 * nothing but NVIDIA's driver.
 *
 * What differs from retort/linear_distillation.h
 *
 *   Types      Hidden states, weights and the gradient on the hidden state are f32, f16 or bf16; so are the logits,
 *              rounded once a product. Biases, the gradients on weights and bias, which add up all rows, and sums
 *              inside a product are f32. A staged mean of logits is rounded once a teacher.
 *   Budget     It bounds the matrices of logits of a chunk. The workspace adds to them the hidden states of a chunk
 *              and what retort_cuda_distillation_loss asks for, and with a second stream the matrices of another
 *              chunk. Rows of logits are padded to 16 bytes, and the budget counts that.
 *   Bits       As far as the lent product gives the same bits for the same call. A second stream changes none.
 *   Capture    A stream may be captured where cuBLAS has a workspace of the caller's (cublasSetWorkspace); a second
 *              stream is then captured with it.
 */
#ifndef RETORT_CUDA_LINEAR_DISTILLATION_H
#define RETORT_CUDA_LINEAR_DISTILLATION_H

#include "retort/cuda.h"
#include "retort/linear_distillation.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cublasGemmEx, with its enumerations as int. */
typedef int (*retort_cublas_gemm_ex)(void* handle, int transpose_a, int transpose_b, int m, int n,
                                     int k, const void* alpha, const void* a, int a_type, int lda,
                                     const void* b, int b_type, int ldb, const void* beta, void* c,
                                     int c_type, int ldc, int compute_type, int algorithm);

/* A cuBLAS. The caller has set the handle to the call's stream, left its scalars on the host, which is where they are
 * unless cublasSetPointerMode moved them, and set CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION
 * (cublasSetMathMode), or else sums of half precision may be rounded on their way. */
typedef struct retort_cublas {
  void* handle; /* cublasHandle_t of the current device */
  retort_cublas_gemm_ex gemm_ex;
  int32_t
      allow_tf32; /* 0: products of f32 are of f32; otherwise their factors are rounded to 10 bits */
} retort_cublas;

/* A second stream: while the loss and the gradients of one chunk run on the call's, the products that make the logits of
 * the next one run on this. The caller owns all of it and may use it for any number of calls, one at a time. When the
 * call's stream has passed a call, so has this one, also where the call failed. */
typedef struct retort_cuda_overlap {
  void* stream; /* cudaStream_t of the current device, neither null nor the call's */
  const retort_cublas*
      cublas;           /* with a handle of its own, and so a workspace, set to that stream */
  void* products_event; /* cudaEvent_t: the logits of a chunk are there */
  void* matrices_event; /* another one: those of the chunk before it are not needed any more */
} retort_cuda_overlap;

/* Bytes of workspace that retort_cuda_linear_distillation uses with a budget of `budget` bytes for the matrices of
 * logits of a chunk, which retort_linear_distillation_workspace describes; `hidden_size` is the student's; `overlaps`
 * is 0 where the call has no second stream. -1 where an argument is not valid or the budget does not hold one row. */
RETORT_API int64_t retort_cuda_linear_distillation_workspace(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    int64_t hidden_size, int64_t teacher_count, int64_t budget, int32_t overlaps);

/* As retort_linear_distillation. Labels, row weights, the matrices and biases that the layers and the gradient
 * point to, row losses, totals and the workspace (aligned to 16 bytes) are the device's; the layers themselves, the
 * gradient's struct, `cublas` and `overlap` the host's. `overlap` may be null: everything then runs on `stream`.
 * RETORT_DEVICE_ERROR where cuBLAS refuses a product, with its status. */
RETORT_API retort_status retort_cuda_linear_distillation(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    const retort_linear_layer* student, const retort_linear_layer* teachers, int64_t teacher_count,
    const float* teacher_weights, const void* labels, const float* row_weights,
    const retort_linear_gradient* gradient, float* row_loss, retort_distillation_totals* totals,
    int64_t budget, void* workspace, const retort_cublas* cublas,
    const retort_cuda_overlap* overlap, void* stream);

#ifdef __cplusplus
}
#endif
#endif
