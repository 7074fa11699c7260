#include "sparse_distillation_arguments.h"

#include "errors.h"

namespace retort {
namespace {

const char* name_of(retort_divergence divergence) {
  switch (divergence) {
    case RETORT_REVERSE_KL:
      return "RETORT_REVERSE_KL";
    case RETORT_JENSEN_SHANNON:
      return "RETORT_JENSEN_SHANNON";
    case RETORT_TOTAL_VARIATION:
      return "RETORT_TOTAL_VARIATION";
    case RETORT_SQUARED_ERROR:
      return "RETORT_SQUARED_ERROR";
    case RETORT_DECOUPLED:
      return "RETORT_DECOUPLED";
    case RETORT_NORMALIZED:
      return "RETORT_NORMALIZED";
    default:
      return "RETORT_FORWARD_KL";
  }
}

// What the dense loss knows and this one does not.
retort_status check_dense_options(const retort_distillation_loss_options& options) {
  if (options.divergence != RETORT_FORWARD_KL) {
    return fail(RETORT_INVALID_ARGUMENT,
                "divergence must be RETORT_FORWARD_KL with sparse teachers, got %s",
                name_of(options.divergence));
  }
  if (options.soft_value == RETORT_MEAN_OF_KL) {
    return fail(RETORT_INVALID_ARGUMENT,
                "soft_value must be RETORT_KL_OF_MEAN or RETORT_CROSS_ENTROPY with sparse "
                "teachers, got RETORT_MEAN_OF_KL");
  }
  if (options.standardize_logits) {
    return fail(RETORT_INVALID_ARGUMENT,
                "standardize_logits must be 0 with sparse teachers, whose other logits are "
                "unknown, got %d",
                options.standardize_logits);
  }
  return RETORT_OK;
}

retort_status check_teacher_options(const retort_sparse_distillation_loss_options& options,
                                    int64_t teacher_count) {
  const retort_distillation_loss_options& loss = options.loss;
  if (teacher_count > 1 && loss.mean != RETORT_MEAN_OF_PROBABILITIES) {
    return fail(RETORT_INVALID_ARGUMENT,
                "mean must be RETORT_MEAN_OF_PROBABILITIES with several sparse teachers, who "
                "need not list the same classes, got RETORT_MEAN_OF_LOGITS");
  }
  if (loss.teacher_form == RETORT_LOGITS && options.tail != RETORT_TAIL_RENORMALIZED) {
    return fail(RETORT_INVALID_ARGUMENT,
                "teacher_form RETORT_LOGITS needs RETORT_TAIL_RENORMALIZED: without the "
                "normaliser of the row the tail's mass is unknown, got tail %d",
                static_cast<int>(options.tail));
  }
  if (loss.teacher_form != RETORT_LOGITS && loss.teacher_temperatures != nullptr) {
    return fail(RETORT_INVALID_ARGUMENT,
                "teacher_temperatures must be null with teacher_form %d, which is at the "
                "temperature of the loss",
                static_cast<int>(loss.teacher_form));
  }
  return RETORT_OK;
}

}  // namespace

retort_status SparseDistillationArguments::set(
    const retort_sparse_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const int32_t* const* teacher_indices,
    const float* const* teacher_values, int64_t teacher_count, int64_t teacher_stride, int64_t k,
    const float* teacher_weights, const void* labels, const float* row_weights,
    const void* gradient, int64_t gradient_stride, const float* row_loss,
    DistillationArguments::Labels where) {
  if (options == nullptr) return fail(RETORT_INVALID_ARGUMENT, "options must not be null");
  RETORT_CHECK(loss_.set_student(&options->loss, rows, classes, student, student_stride));
  RETORT_CHECK(check_indexable(classes));
  RETORT_CHECK(check_enum("tail", "retort_tail", options->tail, 4));
  RETORT_CHECK(check_dense_options(options->loss));
  if (has_soft()) {
    RETORT_CHECK(check_teacher_options(*options, teacher_count));
    RETORT_CHECK(teachers_.set(rows, teacher_indices, teacher_values, teacher_count, teacher_stride,
                               k, teacher_weights, options->loss));
  }
  RETORT_CHECK(loss_.set_labels(labels, row_weights, where));
  return check_outputs(rows, classes, gradient, gradient_stride, row_loss);
}

retort_status SparseDistillationArguments::check_outputs(int64_t rows, int64_t classes,
                                                         const void* gradient,
                                                         int64_t gradient_stride,
                                                         const float* row_loss) const {
  const MatrixArgument losses = optional_vector_argument("row_loss", row_loss, rows);
  if (gradient != nullptr) {
    const MatrixArgument out{"gradient", loss_.options().dtype, gradient, rows,
                             classes,    gradient_stride};
    RETORT_CHECK(check_matrix(out));
    RETORT_CHECK(check_no_partial_overlap(out, loss_.student()));
    if (has_soft()) RETORT_CHECK(teachers_.check_against(out));
    RETORT_CHECK(loss_.check_apart_from_labels(out));
    RETORT_CHECK(check_apart(losses, out));
  }
  RETORT_CHECK(loss_.check_row_loss(row_loss));
  // The indices are checked once and then read as rows are written.
  return has_soft() ? teachers_.check_against(losses) : RETORT_OK;
}

}  // namespace retort
