/*
 * Retort on CUDA devices: the operations of retort.h and sparse_distillation.h with the same meaning, on a stream. They are in a library of
 * their own, retort_cuda, which needs nothing but NVIDIA's driver where it is loaded.
 *
 * What differs from retort.h
 *
 *   Memory     Matrices, labels, row weights, losses, totals and the workspace are memory that the current device
 *              can reach. Options and what they point to, the arrays of pointers and the member weights are the
 *              host's, and are read before the call returns.
 *   Streams    `stream` is a cudaStream_t; null is the default stream. A call puts its kernels into the stream and
 *              returns: it allocates nothing, waits for nothing and reads nothing back, and a stream that is being
 *              captured into a graph captures it. Memory given to a call is in use until the stream has passed it.
 *   Labels     They cannot be looked at before the call returns. A label out of range, or a row weight that is
 *              negative or not finite, makes its own row's loss and gradient NaN, and with them the totals.
 *   Bits       The same arguments on the same kind of device give the same bits, and a row's results do not depend
 *              on the rows beside it, but for the denominator.
 *   Classes    At most 2^30.
 *   Errors     RETORT_DEVICE_ERROR where CUDA's runtime refuses a call. What a kernel does wrong later shows in the
 *              stream, as with every other kernel.
 */
#ifndef RETORT_CUDA_H
#define RETORT_CUDA_H

#include "retort/retort.h"
#include "retort/sparse_distillation.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What was wrong with the last call of retort_cuda that failed on this thread; as retort_last_error. */
RETORT_API const char* retort_cuda_last_error(void);

/* The bytes of workspace that suffice for an operation on `rows` rows and `member_count` members or teachers; they
 * do not fall as either grows. A workspace is aligned to 16 bytes, and calls that may run at the same time need
 * one each. */
RETORT_API size_t retort_cuda_workspace(int64_t rows, int64_t member_count);

RETORT_API retort_status retort_cuda_softmax(retort_dtype dtype, int64_t rows, int64_t classes,
                                             const void* logits, int64_t logits_stride,
                                             float temperature, void* output, int64_t output_stride,
                                             void* stream);

RETORT_API retort_status retort_cuda_log_softmax(retort_dtype dtype, int64_t rows, int64_t classes,
                                                 const void* logits, int64_t logits_stride,
                                                 float temperature, void* output,
                                                 int64_t output_stride, void* stream);

RETORT_API retort_status retort_cuda_softmax_backward(
    retort_dtype dtype, int64_t rows, int64_t classes, const void* output, int64_t output_stride,
    const void* output_gradient, int64_t output_gradient_stride, float temperature,
    void* logits_gradient, int64_t logits_gradient_stride, void* stream);

RETORT_API retort_status retort_cuda_log_softmax_backward(
    retort_dtype dtype, int64_t rows, int64_t classes, const void* output, int64_t output_stride,
    const void* output_gradient, int64_t output_gradient_stride, float temperature,
    void* logits_gradient, int64_t logits_gradient_stride, void* stream);

/* `workspace`: retort_cuda_workspace(0, member_count) bytes; may be null for up to 16 members. */
RETORT_API retort_status retort_cuda_ensemble_mean(const retort_ensemble_mean_options* options,
                                                   int64_t rows, int64_t classes,
                                                   const void* const* members, int64_t member_count,
                                                   int64_t member_stride, void* output,
                                                   int64_t output_stride, void* workspace,
                                                   void* stream);

/* `workspace`: retort_cuda_workspace(rows, teacher_count) bytes. `totals` is the device's. */
RETORT_API retort_status retort_cuda_distillation_loss(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const void* const* teachers, int64_t teacher_count,
    int64_t teacher_stride, const float* teacher_weights, const void* labels,
    const float* row_weights, void* gradient, int64_t gradient_stride, float* row_loss,
    retort_distillation_totals* totals, void* workspace, void* stream);

/* `workspace`: retort_cuda_workspace(rows, teacher_count) bytes. `teacher_gradients` is the host's array of
 * pointers to matrices of the device. */
RETORT_API retort_status retort_cuda_distillation_tangent(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const void* const* teachers, int64_t teacher_count,
    int64_t teacher_stride, const float* teacher_weights, const void* labels,
    const float* row_weights, const void* tangent, int64_t tangent_stride,
    void* const* teacher_gradients, int64_t teacher_gradient_stride, void* workspace, void* stream);

/* `indices` and `values` are the device's. A logit of -0 comes out as 0. */
RETORT_API retort_status retort_cuda_top_k(retort_dtype dtype, int64_t rows, int64_t classes,
                                           const void* logits, int64_t logits_stride, int64_t k,
                                           retort_form form, float temperature, int32_t* indices,
                                           int64_t indices_stride, float* values,
                                           int64_t values_stride, void* stream);

/* `workspace`: retort_cuda_workspace(rows, teacher_count) bytes. `totals` and the matrices that `teacher_indices` and
 * `teacher_values` point to are the device's, both arrays of pointers the host's. Indices cannot be looked at before
 * the call returns: one that is neither -1 nor a class, or a class twice in a row of one teacher, leaves that teacher
 * without a distribution in the row, whose loss is NaN, and its gradient, with RETORT_TAIL_RENORMALIZED on S alone. */
RETORT_API retort_status retort_cuda_sparse_distillation_loss(
    const retort_sparse_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const int32_t* const* teacher_indices,
    const float* const* teacher_values, int64_t teacher_count, int64_t teacher_stride, int64_t k,
    const float* teacher_weights, const void* labels, const float* row_weights, void* gradient,
    int64_t gradient_stride, float* row_loss, retort_distillation_totals* totals, void* workspace,
    void* stream);

#ifdef __cplusplus
}
#endif
#endif
