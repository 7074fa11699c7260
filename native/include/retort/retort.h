/*
 * Retort: fused kernels for ensembles and their distillation.
 *
 * Conventions that hold for every operation
 *
 *   Matrices   Row-major [rows, classes]; element (r, c) is data[r * stride + c]. Strides count
 *              elements. Columns between `classes` and `stride` are never read and never written.
 *   Memory     The caller owns every pointer. Nothing is retained after a call returns, and no
 *              operation allocates. Pointers are aligned to their element, no further.
 *   Aliasing   An output may be one of the inputs only where its documentation says so.
 *   Threads    Operations run on the threads of the caller's `retort_executor` (null: on the calling
 *              thread). Work is cut by shape alone, so the same arguments give the same bits for any
 *              number of threads. Every function may be called from several threads at once. A task
 *              needs at most 384 KiB of its thread's stack; one of retort_distillation_loss for the
 *              forward KL without standardisation, of at most 1024 classes and of teachers that are
 *              no probabilities, at most 128 KiB.
 *   Errors     Every argument is checked before anything is written. A function that fails returns a
 *              status other than RETORT_OK and leaves a sentence in `retort_last_error`.
 *   Scales     A temperature is in [1e-18, 1e18].
 *   Values     -inf is a masked class: its probability is 0 and 0 * log 0 is 0. A NaN makes its own
 *              row NaN and no other. A row that is -inf throughout has no distribution: it is NaN.
 *   Empty      Zero rows is no error.
 */
#ifndef RETORT_RETORT_H
#define RETORT_RETORT_H

#include <stddef.h>
#include <stdint.h>

#define RETORT_VERSION "0.1.0"

#if defined(__GNUC__)
#define RETORT_API __attribute__((visibility("default")))
#else
#define RETORT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- status --------------------------------------------------------------------------------- */

typedef enum retort_status {
  RETORT_OK = 0,
  /* An argument is out of its range; the message names it and its value. */
  RETORT_INVALID_ARGUMENT = 1,
  /* The arguments are sound, but this build has no kernel for them. */
  RETORT_UNSUPPORTED = 2,
  RETORT_OUT_OF_MEMORY = 3,
  /* A device refused a call of its runtime; the message holds its words. */
  RETORT_DEVICE_ERROR = 4
} retort_status;

/* What was wrong with the last call that failed on this thread; never null. The text belongs to the
 * library and stays valid until this thread's next failing call. */
RETORT_API const char* retort_last_error(void);

/* The library's version, RETORT_VERSION at its build. */
RETORT_API const char* retort_version(void);

/* The instruction set the kernels run on: "scalar", "avx2" or "avx512": the widest that processor and
 * operating system support, or the one that the environment variable RETORT_ISA names. Decided on
 * first use. A value of RETORT_ISA that this machine cannot run is ignored. */
RETORT_API const char* retort_instruction_set(void);

/* ---- threads -------------------------------------------------------------------------------- */

typedef void (*retort_task)(void* argument, int64_t index);

/* Where an operation's tasks run. `run` calls task(argument, i) once for every i in [0, tasks), in any
 * order and on any threads, and returns when all have returned. A framework passes its own threads
 * by filling this in. `threads` is informative: how many tasks may run at a time. */
typedef struct retort_executor {
  void (*run)(void* context, int64_t tasks, retort_task task, void* argument);
  void* context;
  int32_t threads;
} retort_executor;

typedef struct retort_thread_pool retort_thread_pool;

/* Starts a pool of `threads` (1 to 1024, the calling thread counted) and stores it in *pool. The caller
 * destroys it when no call uses it any more. Calls that share a pool take turns. */
RETORT_API retort_status retort_thread_pool_create(int32_t threads, retort_thread_pool** pool);
RETORT_API void retort_thread_pool_destroy(retort_thread_pool* pool);
/* The pool as an executor; it belongs to the pool. Null gives null. */
RETORT_API const retort_executor* retort_thread_pool_executor(const retort_thread_pool* pool);

/* ---- softmax at a temperature ----------------------------------------------------------------- */

/* How an operation's matrices are stored. Arithmetic is f32 whatever the type; a result is rounded once,
 * to the nearest (ties to even), when it is stored. */
typedef enum retort_dtype {
  RETORT_F32 = 0,
  RETORT_F16 = 1, /* IEEE binary16 */
  RETORT_BF16 = 2 /* the upper half of an f32 */
} retort_dtype;

/* output = softmax(logits / temperature), row by row. The output may be the logits. */
RETORT_API retort_status retort_softmax(retort_dtype dtype, int64_t rows, int64_t classes,
                                        const void* logits, int64_t logits_stride,
                                        float temperature, void* output, int64_t output_stride,
                                        const retort_executor* executor);

/* output = log softmax(logits / temperature), row by row. The output may be the logits. */
RETORT_API retort_status retort_log_softmax(retort_dtype dtype, int64_t rows, int64_t classes,
                                            const void* logits, int64_t logits_stride,
                                            float temperature, void* output, int64_t output_stride,
                                            const retort_executor* executor);

/* With p = `output` of retort_softmax and g = `output_gradient`:
 * logits_gradient = p * (g - <p, g>) / temperature. It may be `output` or `output_gradient`. */
RETORT_API retort_status retort_softmax_backward(
    retort_dtype dtype, int64_t rows, int64_t classes, const void* output, int64_t output_stride,
    const void* output_gradient, int64_t output_gradient_stride, float temperature,
    void* logits_gradient, int64_t logits_gradient_stride, const retort_executor* executor);

/* With p = exp(`output` of retort_log_softmax) and g = `output_gradient`:
 * logits_gradient = (g - p * sum(g)) / temperature. It may be `output` or `output_gradient`. */
RETORT_API retort_status retort_log_softmax_backward(
    retort_dtype dtype, int64_t rows, int64_t classes, const void* output, int64_t output_stride,
    const void* output_gradient, int64_t output_gradient_stride, float temperature,
    void* logits_gradient, int64_t logits_gradient_stride, const retort_executor* executor);

/* ---- ensemble mean ---------------------------------------------------------------------------- */

typedef enum retort_mean {
  /* Average the logits: the normalised geometric mean of the members' distributions. */
  RETORT_MEAN_OF_LOGITS = 0,
  /* Average softmax(logits / temperature): the arithmetic mean of the distributions. */
  RETORT_MEAN_OF_PROBABILITIES = 1
} retort_mean;

/* What the entries of a matrix are. */
typedef enum retort_form {
  /* As an ensemble's mean: logits whose softmax at `temperature` is the mean's distribution, which is the
   * weighted mean of the logits itself, or temperature * log(mixture). */
  RETORT_LOGITS = 0,
  RETORT_PROBABILITIES = 1,
  RETORT_LOG_PROBABILITIES = 2
} retort_form;

typedef struct retort_ensemble_mean_options {
  retort_dtype dtype;
  retort_mean mean;
  retort_form output;
  float temperature;
  const float*
      member_weights; /* [member_count], finite, >= 0, sum > 0; divided by their sum. Null: equal */
} retort_ensemble_mean_options;

/* f32, mean of logits, logits out, temperature 1, equal weights. */
RETORT_API retort_ensemble_mean_options retort_ensemble_mean_options_default(void);

/* The mean of `member_count` (1 to 1024) logit matrices [rows, classes] that share one stride.
 * `members` is an array of pointers; the output may be one of them. A member of weight 0 is not read. */
RETORT_API retort_status retort_ensemble_mean(const retort_ensemble_mean_options* options,
                                              int64_t rows, int64_t classes,
                                              const void* const* members, int64_t member_count,
                                              int64_t member_stride, void* output,
                                              int64_t output_stride,
                                              const retort_executor* executor);

/* ---- distillation loss -------------------------------------------------------------------------- */

typedef enum retort_label_type { RETORT_LABELS_I32 = 0, RETORT_LABELS_I64 = 1 } retort_label_type;

typedef enum retort_reduction {
  RETORT_REDUCTION_SUM = 0,
  /* Divides by `denominator`, or where that is 0 by the sum of the weights of the rows not ignored. */
  RETORT_REDUCTION_MEAN = 1,
  /* Rows stay apart, in `row_loss`, which must not be null; gradient and totals are those of the sum. */
  RETORT_REDUCTION_NONE = 2
} retort_reduction;

/* D(p, q): how far the student's distribution q = softmax(x), x = student / T, is from the teachers' p.
 * y is the label; p' and q' are p and q without the label, renormalised: p'_j = p_j / (1 - p_y). */
typedef enum retort_divergence {
  /* KL(p || q) = sum_j p_j log(p_j / q_j). */
  RETORT_FORWARD_KL = 0,
  /* KL(q || p). A class that the teachers mask and the student does not makes the loss +inf, and gets
   * the gradient of a class that both give the same mass. */
  RETORT_REVERSE_KL = 1,
  /* beta * KL(p || m) + (1 - beta) * KL(q || m) with m = beta * p + (1 - beta) * q (Agarwal et al.,
   * "On-Policy Distillation of Language Models", 2023). It tends to 0 at both ends of beta, where it is
   * therefore defined apart: beta 0 is KL(p || q), beta 1 is KL(q || p). */
  RETORT_JENSEN_SHANNON = 2,
  /* sum_j |p_j - q_j| / 2. A tie p_j = q_j has the subgradient 0. */
  RETORT_TOTAL_VARIATION = 3,
  /* sum_j (x_j - v_j)^2 / classes, v the teachers' logits / T as retort_ensemble_mean gives them: with
   * the factor T^2 the mean squared difference of the logits themselves, whatever T. Not invariant to a
   * shift. A class that either side masks contributes 0. */
  RETORT_SQUARED_ERROR = 4,
  /* target_weight * KL((p_y, 1 - p_y) || (q_y, 1 - q_y)) + non_target_weight * KL(p' || q') (Zhao et al.,
   * "Decoupled Knowledge Distillation", 2022; the paper's weights are 1 and 2 to 8). Needs labels.
   * Where a side has no mass outside the label the second part is 0; with two classes it always is. */
  RETORT_DECOUPLED = 5,
  /* -target_weight * p1_y log(s_y) - non_target_weight * T^2 * sum_{j != y} p'_j log(q'_j) (Yang et al.,
   * "From Knowledge Distillation to Self-Knowledge Distillation", 2023; its weights are 1 and 1.5), p1
   * the teachers at temperatures divided by T, and s = softmax(student). T^2 stands where the option asks
   * for it; the first part, at temperature 1, never has it. A cross-entropy: not 0 where both agree.
   * Needs labels. */
  RETORT_NORMALIZED = 6
} retort_divergence;

/* What the soft part of the forward KL is told as. One gradient, three values. */
typedef enum retort_soft_value {
  RETORT_KL_OF_MEAN = 0, /* KL(p || q) */
  /* sum_k w_k KL(p_k || q), which is larger by what the teachers disagree. Needs the mean of
   * probabilities where there are several teachers. */
  RETORT_MEAN_OF_KL = 1,
  RETORT_CROSS_ENTROPY = 2 /* -sum_j p_j log q_j */
} retort_soft_value;

typedef struct retort_distillation_loss_options {
  retort_dtype dtype; /* of student, teachers, gradient and tangent */
  retort_label_type label_type;
  retort_mean mean; /* how the teachers become one */
  /* What the teachers' matrices hold. Log-probabilities are logits like any other: those of a teacher
   * at temperature 1. Probabilities stand for their logarithms. Where they were stored at the temperature
   * of the loss already, give them a teacher temperature of 1. A negative probability is NaN. */
  retort_form teacher_form;
  retort_divergence divergence;
  retort_soft_value soft_value; /* RETORT_KL_OF_MEAN for every divergence but the forward KL */
  retort_reduction reduction;
  float temperature; /* T */
  /* [teacher_count] a temperature for each teacher: its logits z count as z * T /
   * teacher_temperature. Null: T. */
  const float* teacher_temperatures;
  float alpha;           /* weight of the soft part, in [0, 1]; 1 - alpha weighs the hard part */
  float label_smoothing; /* in [0, 1] */
  int32_t
      scale_by_temperature_squared; /* 1: the soft part is multiplied by T^2, whatever the divergence */
  /* 1: the soft part sees (z - mean z) / (standardize_epsilon + deviation of z) in place of the logits z
   * of each teacher and of the student (Sun et al., "Logit Standardization in Knowledge Distillation",
   * 2024), over the classes that the row does not mask, the deviation with their number minus 1. */
  int32_t standardize_logits;
  float standardize_epsilon; /* finite, >= 0 */
  float beta;                /* of RETORT_JENSEN_SHANNON, in [0, 1] */
  float target_weight;       /* of RETORT_DECOUPLED and RETORT_NORMALIZED, finite, >= 0 */
  float non_target_weight;   /* the same */
  int64_t ignore_index;      /* rows with this label contribute nothing */
  double denominator;        /* for RETORT_REDUCTION_MEAN; 0: see there */
} retort_distillation_loss_options;

/* f32, int32 labels, mean of logits, teachers as logits at T, forward KL told as such, reduction mean,
 * temperature 1, alpha 0.5, no smoothing, with temperature^2, no standardisation (epsilon 1e-7), beta 0.5,
 * target and non-target weight 1, ignore index -100. */
RETORT_API retort_distillation_loss_options retort_distillation_loss_options_default(void);

/* The parts of the loss, each reduced. total = alpha * soft + (1 - alpha) * hard. A part whose weight
 * is 0 is not computed and comes out as 0. */
typedef struct retort_distillation_totals {
  double total;
  double hard;
  double soft; /* temperature^2 included where the option asks for it */
  double denominator;
  int64_t counted_rows; /* rows not ignored */
} retort_distillation_totals;

/*
 * Everything between the teachers' logits and the gradient on the student's (Hinton, Vinyals & Dean,
 * "Distilling the Knowledge in a Neural Network", 2015), in one pass over the rows:
 *
 *   p = mean of the teachers at temperature T      q = softmax(student / T)      s = softmax(student)
 *   t = (1 - label_smoothing) * onehot(label) + label_smoothing / classes
 *   row loss = weight * (alpha * T^2 * D(p, q) + (1 - alpha) * CE(t, s))
 *
 *   student         [rows, classes]
 *   teachers        teacher_count (1 to 1024) pointers to [rows, classes] matrices of one stride.
 *                   Not read, and may be null with a count of 0, where alpha is 0.
 *   teacher_weights [teacher_count] as in retort_ensemble_mean, or null
 *   labels          [rows] int32 or int64, each in [0, classes) or ignore_index. May be null where
 *                   alpha is 1 and the divergence needs none.
 *   row_weights     [rows] finite, >= 0, or null for 1
 *   gradient        [rows, classes] or null: that of sum(row loss) / denominator; may be the student's
 *                   logits. Rows that are ignored get 0.
 *   row_loss        [rows] f32 or null; weighted, not divided by the denominator
 *   totals          or null
 *
 * Nothing written may overlap the labels, the row weights or a teacher, nor the student but by being it.
 * A teacher's mass on a class that the student masks (-inf) makes the row's loss +inf; the gradient
 * stays finite. Where the denominator comes out as 0 the totals and the gradient are 0.
 */
RETORT_API retort_status retort_distillation_loss(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const void* const* teachers, int64_t teacher_count,
    int64_t teacher_stride, const float* teacher_weights, const void* labels,
    const float* row_weights, void* gradient, int64_t gradient_stride, float* row_loss,
    retort_distillation_totals* totals, const retort_executor* executor);

/*
 * How the gradient of retort_distillation_loss moves with the teachers: with G the gradient on the
 * student's logits and u = `tangent`, the gradient of <G, u> with respect to each teacher's logits,
 *
 *   teacher_gradients[k] = (d G / d teacher_k)^T u.
 *
 * This is what a teacher that learns from its student's progress needs of the loss (Zhou, Xu & McAuley,
 * "BERT Learns to Teach: Knowledge Distillation with Meta Learning", 2022): u is the directional derivative
 * of the student's logits along the gradient of the quiz loss, and the teacher's upstream gradient is
 * -learning rate * teacher_gradients. For one teacher and the forward KL with T^2 it is
 * -alpha * weight / denominator * p * (u - <p, u>). The total variation's is 0 wherever it exists.
 *
 *   tangent           [rows, classes]
 *   teacher_gradients teacher_count pointers to [rows, classes] matrices of one stride. Each may be the
 *                     tangent only where there is one teacher, and may overlap no other argument. A teacher
 *                     of weight 0 and a row that is ignored get 0.
 *
 * The rest as in retort_distillation_loss, but that teachers given as probabilities are refused: they have
 * no logits. Where alpha is 0 the gradients are 0.
 */
RETORT_API retort_status retort_distillation_tangent(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const void* const* teachers, int64_t teacher_count,
    int64_t teacher_stride, const float* teacher_weights, const void* labels,
    const float* row_weights, const void* tangent, int64_t tangent_stride,
    void* const* teacher_gradients, int64_t teacher_gradient_stride,
    const retort_executor* executor);

#ifdef __cplusplus
}
#endif
#endif
