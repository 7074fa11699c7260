/*
 * The distillation loss between networks that end in a linear layer, from what goes into those layers:
 * hidden states and weights in, the loss and the gradients on both out. The logits [rows, classes],
 * which for a large vocabulary outweigh everything else, never exist as a whole: the rows go in chunks
 * through a workspace whose size the caller bounds.
 *
 * This operation has a header of its own because it is lent a matrix product, which retort.h does
 * without, and needs nothing else of network.h.
 *
 * Conventions are those of retort.h, and
 *
 *   Types      f32 only; another dtype is RETORT_UNSUPPORTED.
 *   Workspace  The caller owns it. Its contents mean nothing afterwards.
 *   Bits       Chunks are cut by shape and budget alone. The same arguments and budget give the same
 *              bits for any number of threads, as far as the lent product does; another budget may
 *              change the last bits, because sums over rows are added chunk by chunk and a BLAS may
 *              add otherwise in a matrix of another size.
 */
#ifndef RETORT_LINEAR_DISTILLATION_H
#define RETORT_LINEAR_DISTILLATION_H

#include "retort/network.h"

#ifdef __cplusplus
extern "C" {
#endif

/* logits = hidden * weights^T + bias. All sizes and strides fit 32 bits. */
typedef struct retort_linear_layer {
  int64_t hidden_size;   /* at least 1; that of a teacher need not be the student's */
  const void* hidden;    /* [rows, hidden_size], of the options' dtype */
  int64_t hidden_stride; /* in elements, at least hidden_size */
  const void* weights;   /* [classes, hidden_size], of the options' dtype */
  int64_t weights_stride;
  const float* bias; /* [classes], or null for 0. -inf masks a class */
} retort_linear_layer;

/* Where the gradients on the student's layer go; each may be null. They are overwritten. */
typedef struct retort_linear_gradient {
  void* hidden; /* [rows, hidden_size], of the options' dtype */
  int64_t hidden_stride;
  float* weights; /* [classes, hidden_size] */
  int64_t weights_stride;
  float* bias; /* [classes] */
} retort_linear_gradient;

/* Bytes of workspace that retort_linear_distillation uses within `budget` bytes: as many rows of logits
 * as the budget holds, 256 at a time where it holds 256 and 16 at a time where it holds 16, and never
 * more than `rows`. A row takes 4 * classes bytes in the student's matrix and in each of the teachers':
 *
 *   alpha 0                                      none
 *   a mean of logits                             1, to which every teacher is added
 *   a mean of probabilities                      2, or 1 for one teacher: the mean so far and the next
 *   standardised logits, and of a mean of
 *   probabilities RETORT_MEAN_OF_KL and
 *   RETORT_NORMALIZED                            teacher_count, because the loss needs each apart
 *
 * -1 where an argument is not valid or the budget does not hold one row; the message says what it must
 * be at least. Options other than those above are checked by the operation.
 *
 * Every chunk reads all weights, and reads and writes their gradient: more rows make fewer chunks.
 * From about 256 rows on the products outweigh that. */
RETORT_API int64_t
retort_linear_distillation_workspace(const retort_distillation_loss_options* options, int64_t rows,
                                     int64_t classes, int64_t teacher_count, int64_t budget);

/*
 * retort_distillation_loss of the logits of these layers, and its gradient through the student's:
 *
 *   G = the gradient on the student's logits
 *   gradient->hidden = G * weights      gradient->weights = G^T * hidden      gradient->bias = sum of G's rows
 *
 *   teachers        [teacher_count] (1 to 1024) layers of the same rows and classes. Not read, and may
 *                   be null with a count of 0, where alpha is 0. One of weight 0 is not read.
 *   teacher_weights, labels, row_weights, row_loss, totals
 *                   as in retort_distillation_loss, as are all options. teacher_form must be
 *                   RETORT_LOGITS. The denominator is that of all rows, whatever their chunk.
 *   gradient        null: none is computed. No output may overlap another argument.
 *   budget          in bytes, as given to retort_linear_distillation_workspace
 *   workspace       that many bytes, aligned to a float
 *   sgemm           called from the executor's threads, one product each
 *
 * A row that is ignored or weighs 0 adds nothing to the gradients, whatever its hidden state holds, and
 * has the gradient 0 on it where the weights are finite. A NaN or an infinity in the hidden state of
 * another row makes that row's loss and gradient NaN and no other's; the gradients on weights and bias
 * are sums over the rows, which it makes NaN. One in the weights spoils every row.
 */
RETORT_API retort_status retort_linear_distillation(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    const retort_linear_layer* student, const retort_linear_layer* teachers, int64_t teacher_count,
    const float* teacher_weights, const void* labels, const float* row_weights,
    const retort_linear_gradient* gradient, float* row_loss, retort_distillation_totals* totals,
    int64_t budget, float* workspace, retort_sgemm sgemm, const retort_executor* executor);

#ifdef __cplusplus
}
#endif
#endif
