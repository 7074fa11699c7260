#include "distillation_arguments.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace retort {
namespace {

retort_status check_unit_interval(const char* name, float value) {
  if (value >= 0 && value <= 1) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "%s must be in [0, 1], got %g", name,
              static_cast<double>(value));
}

retort_status check_not_negative(const char* name, double value) {
  if (std::isfinite(value) && value >= 0) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "%s must be finite and >= 0, got %g", name, value);
}

bool needs_labels(const retort_distillation_loss_options& options) {
  return options.alpha < 1 || options.divergence == RETORT_DECOUPLED ||
         options.divergence == RETORT_NORMALIZED;
}

retort_status check_options(const retort_distillation_loss_options& options) {
  RETORT_CHECK(check_dtype(options.dtype));
  RETORT_CHECK(check_enum("label_type", "retort_label_type", options.label_type, 2));
  RETORT_CHECK(check_enum("mean", "retort_mean", options.mean, 2));
  RETORT_CHECK(check_enum("teacher_form", "retort_form", options.teacher_form, 3));
  RETORT_CHECK(check_enum("divergence", "retort_divergence", options.divergence, 7));
  RETORT_CHECK(check_enum("soft_value", "retort_soft_value", options.soft_value, 3));
  RETORT_CHECK(check_enum("reduction", "retort_reduction", options.reduction, 3));
  RETORT_CHECK(check_temperature("temperature", options.temperature));
  RETORT_CHECK(check_unit_interval("alpha", options.alpha));
  RETORT_CHECK(check_unit_interval("label_smoothing", options.label_smoothing));
  RETORT_CHECK(
      check_not_negative("standardize_epsilon", static_cast<double>(options.standardize_epsilon)));
  RETORT_CHECK(check_unit_interval("beta", options.beta));
  RETORT_CHECK(check_not_negative("target_weight", static_cast<double>(options.target_weight)));
  RETORT_CHECK(
      check_not_negative("non_target_weight", static_cast<double>(options.non_target_weight)));
  RETORT_CHECK(check_not_negative("denominator", options.denominator));
  if (options.soft_value != RETORT_KL_OF_MEAN && options.divergence != RETORT_FORWARD_KL) {
    return fail(RETORT_INVALID_ARGUMENT,
                "soft_value must be RETORT_KL_OF_MEAN (0) for divergence %d, got %d",
                static_cast<int>(options.divergence), static_cast<int>(options.soft_value));
  }
  if (options.standardize_logits && options.divergence == RETORT_NORMALIZED) {
    return fail(RETORT_INVALID_ARGUMENT,
                "standardize_logits must be 0 for the normalised divergence, whose label part is "
                "of the logits "
                "themselves, got %d",
                options.standardize_logits);
  }
  return RETORT_OK;
}

// The same loss by the name that the kernels know: an end of Jensen-Shannon is a KL, and the mean of one
// teacher's KL is that KL.
void normalize(retort_distillation_loss_options& options, int64_t teachers) {
  if (options.divergence == RETORT_JENSEN_SHANNON && options.beta == 0)
    options.divergence = RETORT_FORWARD_KL;
  if (options.divergence == RETORT_JENSEN_SHANNON && options.beta == 1)
    options.divergence = RETORT_REVERSE_KL;
  if (options.soft_value == RETORT_MEAN_OF_KL && teachers == 1)
    options.soft_value = RETORT_KL_OF_MEAN;
}

}  // namespace

retort_status check_vector(const char* name, const void* data, int64_t rows, size_t element) {
  if (data == nullptr || reinterpret_cast<uintptr_t>(data) % element == 0) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "%s must be aligned to its %lld elements, got address %p",
              name, static_cast<long long>(rows), data);
}

retort_status DistillationArguments::set(const retort_distillation_loss_options* options,
                                         int64_t rows, int64_t classes, const void* student,
                                         int64_t student_stride, const void* const* teachers,
                                         int64_t teacher_count, int64_t teacher_stride,
                                         const float* teacher_weights, const void* labels,
                                         const float* row_weights, Labels where) {
  RETORT_CHECK(set_student(options, rows, classes, student, student_stride));
  if (options_.alpha > 0) {
    RETORT_CHECK(teachers_.set("teacher", options_.dtype, rows, classes, teachers, teacher_count,
                               teacher_stride, teacher_weights));
    RETORT_CHECK(teachers_.set_temperatures("teacher_temperatures", options_.teacher_temperatures,
                                            options_.temperature));
    normalize(options_, teachers_.logits().count);
    if (options_.soft_value == RETORT_MEAN_OF_KL && options_.mean != RETORT_MEAN_OF_PROBABILITIES) {
      return fail(RETORT_INVALID_ARGUMENT,
                  "soft_value RETORT_MEAN_OF_KL needs the mean of probabilities, got mean %d",
                  static_cast<int>(options_.mean));
    }
  }
  return set_labels(labels, row_weights, where);
}

retort_status DistillationArguments::set_student(const retort_distillation_loss_options* options,
                                                 int64_t rows, int64_t classes, const void* student,
                                                 int64_t student_stride) {
  if (options == nullptr) return fail(RETORT_INVALID_ARGUMENT, "options must not be null");
  options_ = *options;
  RETORT_CHECK(check_options(options_));
  RETORT_CHECK(check_shape(rows, classes));
  student_ = {"student", options_.dtype, student, rows, classes, student_stride};
  return check_matrix(student_);
}

retort_status DistillationArguments::set_labels(const void* labels, const float* row_weights,
                                                Labels where) {
  const int64_t rows = student_.rows;
  if (labels == nullptr && needs_labels(options_) && rows > 0) {
    return fail(RETORT_INVALID_ARGUMENT, "labels must not be null for divergence %d with alpha %g",
                static_cast<int>(options_.divergence), static_cast<double>(options_.alpha));
  }
  RETORT_CHECK(
      check_vector("labels", labels, rows, options_.label_type == RETORT_LABELS_I64 ? 8 : 4));
  RETORT_CHECK(check_vector("row_weights", row_weights, rows, sizeof(float)));
  labels_ = labels;
  row_weights_ = row_weights;
  return where == Labels::kOnHost ? check_rows() : RETORT_OK;
}

int64_t DistillationArguments::label(int64_t row) const {
  return options_.label_type == RETORT_LABELS_I64 ? static_cast<const int64_t*>(labels_)[row]
                                                  : static_cast<const int32_t*>(labels_)[row];
}

double DistillationArguments::weight(int64_t row) const {
  if (labels_ != nullptr && label(row) == options_.ignore_index) return 0;
  return row_weights_ == nullptr ? 1.0 : row_weights_[row];
}

// Checks every label and weight, and takes the denominator of them. One thread does, so it is kept short: runs of
// rows are checked as one, and only where one of them is bad is it looked for.
retort_status DistillationArguments::check_rows() {
  constexpr int64_t kRun = 512;
  double weight = 0;
  for (int64_t first = 0; first < student_.rows; first += kRun) {
    const int64_t end = std::min(student_.rows, first + kRun);
    int64_t counted = end - first;
    if (labels_ != nullptr) {
      counted = options_.label_type == RETORT_LABELS_I64
                    ? count_labels(static_cast<const int64_t*>(labels_), first, end)
                    : count_labels(static_cast<const int32_t*>(labels_), first, end);
    }
    if (counted < 0) RETORT_CHECK(fail_at_label(first, end));
    counted_rows_ += counted;
    if (row_weights_ == nullptr) {
      weight += static_cast<double>(counted);
    } else {
      RETORT_CHECK(add_weights(first, end, &weight));
    }
  }
  if (options_.reduction == RETORT_REDUCTION_MEAN) {
    denominator_ = options_.denominator > 0 ? options_.denominator : weight;
  }
  return RETORT_OK;
}

// How many rows are not ignored; -1 where a label is bad.
template <typename Label>
int64_t DistillationArguments::count_labels(const Label* labels, int64_t first, int64_t end) const {
  const auto ignored = static_cast<Label>(options_.ignore_index);
  // A label is never ignored by an index that its type cannot hold.
  const bool ignores = ignored == options_.ignore_index;
  const auto last = static_cast<Label>(
      std::min<int64_t>(student_.columns - 1, std::numeric_limits<Label>::max()));
  Label counted = 0, bad = 0;
  for (int64_t i = first; i < end; ++i) {
    const Label counts = !(ignores & (labels[i] == ignored));
    counted += counts;
    bad |= counts & ((labels[i] < 0) | (labels[i] > last));
  }
  return bad != 0 ? -1 : counted;
}

retort_status DistillationArguments::fail_at_label(int64_t first, int64_t end) const {
  for (int64_t i = first; i < end; ++i) {
    const int64_t own = label(i);
    if (own == options_.ignore_index || (own >= 0 && own < student_.columns)) continue;
    return fail(RETORT_INVALID_ARGUMENT, "labels[%lld] must be in [0, %lld) or %lld, got %lld",
                static_cast<long long>(i), static_cast<long long>(student_.columns),
                static_cast<long long>(options_.ignore_index), static_cast<long long>(own));
  }
  return RETORT_OK;
}

retort_status DistillationArguments::add_weights(int64_t first, int64_t end, double* sum) const {
  for (int64_t i = first; i < end; ++i) {
    const double weight = row_weights_[i];
    if (!std::isfinite(weight) || weight < 0) {
      return fail(RETORT_INVALID_ARGUMENT, "row_weights[%lld] must be finite and >= 0, got %g",
                  static_cast<long long>(i), weight);
    }
    if (labels_ == nullptr || label(i) != options_.ignore_index) *sum += weight;
  }
  return RETORT_OK;
}

DistillationRows DistillationArguments::rows(int64_t first) const {
  const int64_t label_bytes = options_.label_type == RETORT_LABELS_I64 ? 8 : 4;
  const float temperature = options_.temperature;
  const float soft_scale = options_.scale_by_temperature_squared ? temperature * temperature : 1;
  return {options_,
          soft_scale,
          student_.columns,
          {student_.data, student_.stride},
          teachers_.logits(options_.teacher_form),
          labels_ == nullptr ? nullptr : static_cast<const char*>(labels_) + first * label_bytes,
          row_weights_ == nullptr ? nullptr : row_weights_ + first,
          scale()};
}

retort_status DistillationArguments::check_apart_from_labels(const MatrixArgument& output) const {
  const int64_t floats = options_.label_type == RETORT_LABELS_I64 ? 2 : 1;
  RETORT_CHECK(
      check_apart(output, optional_vector_argument("labels", labels_, student_.rows * floats)));
  return check_apart(output, optional_vector_argument("row_weights", row_weights_, student_.rows));
}

retort_status DistillationArguments::check_row_loss(const float* row_loss) const {
  RETORT_CHECK(check_vector("row_loss", row_loss, student_.rows, sizeof(float)));
  const MatrixArgument losses = optional_vector_argument("row_loss", row_loss, student_.rows);
  RETORT_CHECK(check_apart_from_labels(losses));
  RETORT_CHECK(check_apart(losses, student_));
  return check_row_loss_is_given(row_loss);
}

retort_status DistillationArguments::check_row_loss_is_given(const float* row_loss) const {
  if (options_.reduction != RETORT_REDUCTION_NONE || row_loss != nullptr || student_.rows == 0)
    return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "row_loss must not be null with RETORT_REDUCTION_NONE");
}

retort_status DistillationArguments::check_outputs(const void* gradient, int64_t gradient_stride,
                                                   const float* row_loss) const {
  const MatrixArgument losses = optional_vector_argument("row_loss", row_loss, student_.rows);
  if (gradient != nullptr) {
    const MatrixArgument out{"gradient",    options_.dtype,   gradient,
                             student_.rows, student_.columns, gradient_stride};
    RETORT_CHECK(check_matrix(out));
    RETORT_CHECK(check_no_partial_overlap(out, student_));
    RETORT_CHECK(teachers_.check_against(out, false));
    RETORT_CHECK(check_apart_from_labels(out));
    RETORT_CHECK(check_apart(losses, out));
  }
  RETORT_CHECK(check_row_loss(row_loss));
  return teachers_.check_against(losses, false);
}

void DistillationArguments::write_totals(const LossSums* sums, int64_t tasks,
                                         retort_distillation_totals* totals) const {
  double hard = 0, soft = 0;
  for (int64_t task = 0; task < tasks; ++task) {
    hard += sums[task].hard;
    soft += sums[task].soft;
  }
  const double alpha = options_.alpha;
  totals->hard = hard * scale();
  totals->soft = soft * scale();
  totals->total =
      (alpha < 1 ? (1.0 - alpha) * totals->hard : 0) + (alpha > 0 ? alpha * totals->soft : 0);
  totals->denominator = denominator_;
  totals->counted_rows = counted_rows_;
}

}  // namespace retort

retort_distillation_loss_options retort_distillation_loss_options_default(void) {
  retort_distillation_loss_options options{};
  options.dtype = RETORT_F32;
  options.label_type = RETORT_LABELS_I32;
  options.mean = RETORT_MEAN_OF_LOGITS;
  options.teacher_form = RETORT_LOGITS;
  options.divergence = RETORT_FORWARD_KL;
  options.soft_value = RETORT_KL_OF_MEAN;
  options.reduction = RETORT_REDUCTION_MEAN;
  options.temperature = 1;
  options.teacher_temperatures = nullptr;
  options.alpha = 0.5f;
  options.label_smoothing = 0;
  options.scale_by_temperature_squared = 1;
  options.standardize_logits = 0;
  options.standardize_epsilon = 1e-7f;
  options.beta = 0.5f;
  options.target_weight = 1;
  options.non_target_weight = 1;
  options.ignore_index = -100;
  options.denominator = 0;
  return options;
}
