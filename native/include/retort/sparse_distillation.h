/*
 * Teachers of whom only the k largest classes of a row are known: how to take them out of full logits, and
 * the distillation loss against them. The conventions of retort.h hold here.
 *
 * A sparse matrix is two dense ones, [rows, k] class indices of int32 and [rows, k] values of f32. The values
 * are f32 whatever the logits are: there are few of them, and 1 - sum p needs their last digits.
 */
#ifndef RETORT_SPARSE_DISTILLATION_H
#define RETORT_SPARSE_DISTILLATION_H

#include "retort/retort.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The largest k. */
#define RETORT_MOST_TOP_K 1024
/* The most entries a row of sparse teachers may have, all teachers together. */
#define RETORT_MOST_SPARSE_ENTRIES 4096

/*
 * The k largest logits of each row, in falling order; of equal logits the lower class comes first, so the
 * result has only one value.
 *
 *   logits      [rows, classes] of `dtype`; classes below 2^31
 *   k           1 to the smaller of `classes` and RETORT_MOST_TOP_K
 *   form        what `values` are: the logits themselves, or p = softmax(logits / temperature) over the whole
 *               row, or log p
 *   indices     [rows, k] the classes
 *   values      [rows, k]
 *
 * No output may overlap the logits or the other. A class at -inf is taken only where fewer than k others
 * exist; the lower comes first there too. A row with a NaN has NaN values and the indices 0 to k - 1. A row that
 * is -inf throughout has these indices, and no distribution: its probabilities are NaN.
 */
RETORT_API retort_status retort_top_k(retort_dtype dtype, int64_t rows, int64_t classes,
                                      const void* logits, int64_t logits_stride, int64_t k,
                                      retort_form form, float temperature, int32_t* indices,
                                      int64_t indices_stride, float* values, int64_t values_stride,
                                      const retort_executor* executor);

/* What is made of the mass outside the support S, which is the classes that a row's teachers list: those of
 * any teacher. p_j is the teachers' probability of class j, q = softmax(student / T); `tail` is all classes
 * outside S, p_tail = 1 - sum_S p_j, q_tail = 1 - sum_S q_j. */
typedef enum retort_tail {
  /* One category of its own: KL over the classes of S and the tail. A divergence: >= 0, and 0 where both
   * agree on S. With one teacher it is at most the KL of the whole rows. The gradient in units of T^-1 is
   * q_j - p_j on S and q_j (1 - p_tail / q_tail) elsewhere. */
  RETORT_TAIL_BIN = 0,
  /* Left out: KL on S, each teacher and the student renormalised there. The gradient is 0 outside S, and the
   * student's other logits are not read where alpha is 1. Where a teacher lists no class the row is NaN. */
  RETORT_TAIL_RENORMALIZED = 1,
  /* Spread evenly over the classes that a teacher does not list, then the KL of whole rows (Tang et al.,
   * "Understanding and Improving Knowledge Distillation", 2020). A class that the student masks outside S
   * makes the loss +inf. */
  RETORT_TAIL_UNIFORM = 2,
  /* Cut off: sum_S p_j log(p_j / q_j). No divergence: it may be below 0, and is not least where both agree.
   * The gradient is q_j sum_S p - p_j on S and q_j sum_S p elsewhere. */
  RETORT_TAIL_TRUNCATED = 3
} retort_tail;

typedef struct retort_sparse_distillation_loss_options {
  /* As in retort_distillation_loss, but for these:
   *   dtype                 of student and gradient
   *   mean                  RETORT_MEAN_OF_PROBABILITIES where there are several teachers
   *   teacher_form          probabilities and log-probabilities are those of whole rows at T. Logits lack the
   *                         normaliser of their row: they need RETORT_TAIL_RENORMALIZED.
   *   teacher_temperatures  null, unless teacher_form is RETORT_LOGITS
   *   divergence            RETORT_FORWARD_KL
   *   soft_value            RETORT_KL_OF_MEAN or RETORT_CROSS_ENTROPY, which lacks p_j log(p_j)
   *   standardize_logits    0 */
  retort_distillation_loss_options loss;
  retort_tail tail;
} retort_sparse_distillation_loss_options;

/* Those of retort_distillation_loss_options_default with the mean of probabilities, log-probabilities and
 * RETORT_TAIL_BIN. */
RETORT_API retort_sparse_distillation_loss_options
retort_sparse_distillation_loss_options_default(void);

/*
 * retort_distillation_loss with D(p, q) as retort_tail has it, for teachers as retort_top_k gives them. The
 * hard part, totals, row weights, reductions and what may be null are as there.
 *
 *   student         [rows, classes]; classes below 2^31
 *   teacher_indices teacher_count pointers to [rows, k] classes in any order. -1 is an absent entry, whose
 *                   value is not read. A class out of range, or twice in a row of one teacher, is an error that
 *                   names teacher, row and position; the check costs about a nanosecond an entry.
 *   teacher_values  teacher_count pointers to [rows, k] values
 *   teacher_stride  of both
 *   k               1 to RETORT_MOST_TOP_K; teachers of weight 0 apart, teacher_count * k is at most
 *                   RETORT_MOST_SPARSE_ENTRIES
 *   gradient        [rows, classes] or null; may be the student's logits
 *
 * A row that is ignored or weighs 0 is neither read nor checked. Several teachers become one by the weighted
 * mean of their probabilities, over the union of what they list. A class that one of them does not list counts
 * there as a part of its tail: 0, or its even share with RETORT_TAIL_UNIFORM.
 *
 * A teacher's tail below 2^-20 is the rounding of its values: it counts as none, and the values are divided by
 * their sum, as are values that add up to more than 1, or that are of all classes. A teacher with a NaN, an
 * infinity, a negative probability or a logarithm above 88 has no distribution: the row's loss is NaN, and its
 * gradient, with RETORT_TAIL_RENORMALIZED on S alone. So is that of a student's row without a distribution.
 */
RETORT_API retort_status retort_sparse_distillation_loss(
    const retort_sparse_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const int32_t* const* teacher_indices,
    const float* const* teacher_values, int64_t teacher_count, int64_t teacher_stride, int64_t k,
    const float* teacher_weights, const void* labels, const float* row_weights, void* gradient,
    int64_t gradient_stride, float* row_loss, retort_distillation_totals* totals,
    const retort_executor* executor);

#ifdef __cplusplus
}
#endif
#endif
