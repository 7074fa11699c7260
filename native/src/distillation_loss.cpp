// retort_distillation_loss: checks, then tasks of rows, then the totals in the order of the tasks.
#include <cmath>

#include "cpu/kernels.h"
#include "errors.h"
#include "members.h"
#include "tasks.h"

namespace retort {
namespace {

retort_status check_unit_interval(const char* name, float value) {
  if (value >= 0 && value <= 1) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "%s must be in [0, 1], got %g", name,
              static_cast<double>(value));
}

retort_status check_options(const retort_distillation_loss_options& options) {
  RETORT_CHECK(check_dtype(options.dtype));
  RETORT_CHECK(check_temperature(options.temperature));
  RETORT_CHECK(check_unit_interval("alpha", options.alpha));
  RETORT_CHECK(check_unit_interval("label_smoothing", options.label_smoothing));
  if (options.label_type != RETORT_LABELS_I32 && options.label_type != RETORT_LABELS_I64) {
    return fail(RETORT_INVALID_ARGUMENT, "label_type must be a retort_label_type, got %d",
                static_cast<int>(options.label_type));
  }
  if (options.mean != RETORT_MEAN_OF_LOGITS && options.mean != RETORT_MEAN_OF_PROBABILITIES) {
    return fail(RETORT_INVALID_ARGUMENT, "mean must be a retort_mean, got %d",
                static_cast<int>(options.mean));
  }
  if (options.reduction != RETORT_REDUCTION_SUM && options.reduction != RETORT_REDUCTION_MEAN) {
    return fail(RETORT_INVALID_ARGUMENT, "reduction must be a retort_reduction, got %d",
                static_cast<int>(options.reduction));
  }
  if (!std::isfinite(options.denominator) || options.denominator < 0) {
    return fail(RETORT_INVALID_ARGUMENT, "denominator must be finite and >= 0, got %g",
                options.denominator);
  }
  return RETORT_OK;
}

struct Rows {
  const void* labels;
  retort_label_type label_type;
  int64_t ignore_index;
  const float* weights;

  int64_t label(int64_t row) const {
    return label_type == RETORT_LABELS_I64 ? static_cast<const int64_t*>(labels)[row]
                                           : static_cast<const int32_t*>(labels)[row];
  }
};

// Checks every label and weight; counts the rows not ignored and adds up their weights.
retort_status check_rows(const Rows& rows, int64_t count, int64_t classes, int64_t* counted,
                         double* weight) {
  *counted = 0;
  *weight = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double row_weight = rows.weights == nullptr ? 1.0 : rows.weights[i];
    if (!std::isfinite(row_weight) || row_weight < 0) {
      return fail(RETORT_INVALID_ARGUMENT, "row_weights[%lld] must be finite and >= 0, got %g",
                  static_cast<long long>(i), row_weight);
    }
    if (rows.labels != nullptr) {
      const int64_t label = rows.label(i);
      if (label == rows.ignore_index) continue;
      if (label < 0 || label >= classes) {
        return fail(RETORT_INVALID_ARGUMENT, "labels[%lld] must be in [0, %lld) or %lld, got %lld",
                    static_cast<long long>(i), static_cast<long long>(classes),
                    static_cast<long long>(rows.ignore_index), static_cast<long long>(label));
      }
    }
    ++*counted;
    *weight += row_weight;
  }
  return RETORT_OK;
}

retort_status check_vector(const char* name, const void* data, int64_t rows, size_t element) {
  if (data == nullptr || reinterpret_cast<uintptr_t>(data) % element == 0) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "%s must be aligned to its %lld elements, got address %p",
              name, static_cast<long long>(rows), data);
}

}  // namespace
}  // namespace retort

retort_distillation_loss_options retort_distillation_loss_options_default(void) {
  return {RETORT_F32,
          RETORT_LABELS_I32,
          RETORT_MEAN_OF_LOGITS,
          RETORT_REDUCTION_MEAN,
          1.0f,
          0.5f,
          0.0f,
          1,
          -100,
          0.0};
}

retort_status retort_distillation_loss(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    const void* student, int64_t student_stride, const void* const* teachers, int64_t teacher_count,
    int64_t teacher_stride, const float* teacher_weights, const void* labels,
    const float* row_weights, void* gradient, int64_t gradient_stride, float* row_loss,
    retort_distillation_totals* totals, const retort_executor* executor) {
  using namespace retort;
  if (options == nullptr) return fail(RETORT_INVALID_ARGUMENT, "options must not be null");
  RETORT_CHECK(check_options(*options));
  RETORT_CHECK(check_shape(rows, classes));
  const MatrixArgument in{"student", student, rows, classes, student_stride};
  RETORT_CHECK(check_matrix(in));
  Members checked;
  if (options->alpha > 0) {
    RETORT_CHECK(checked.set("teacher", rows, classes, teachers, teacher_count, teacher_stride,
                             teacher_weights));
  }
  const MatrixArgument out{"gradient", gradient, rows, classes, gradient_stride};
  if (gradient != nullptr) {
    RETORT_CHECK(check_matrix(out));
    RETORT_CHECK(check_no_partial_overlap(out, in));
    RETORT_CHECK(checked.check_against(out, false));
  }
  if (labels == nullptr && options->alpha < 1 && rows > 0) {
    return fail(RETORT_INVALID_ARGUMENT, "labels must not be null where alpha < 1, got alpha %g",
                static_cast<double>(options->alpha));
  }
  const size_t label_bytes = options->label_type == RETORT_LABELS_I64 ? 8 : 4;
  RETORT_CHECK(check_vector("labels", labels, rows, label_bytes));
  RETORT_CHECK(check_vector("row_weights", row_weights, rows, sizeof(float)));
  RETORT_CHECK(check_vector("row_loss", row_loss, rows, sizeof(float)));
  int64_t counted;
  double weight;
  RETORT_CHECK(check_rows({labels, options->label_type, options->ignore_index, row_weights}, rows,
                          classes, &counted, &weight));
  double denominator = 1;
  if (options->reduction == RETORT_REDUCTION_MEAN) {
    denominator = options->denominator > 0 ? options->denominator : weight;
  }
  const double scale = denominator > 0 ? 1 / denominator : 0;

  const float temperature = options->temperature;
  const DistillationLossRows arguments{
      static_cast<const float*>(student),
      student_stride,
      checked.logits(),
      options->mean,
      temperature,
      options->alpha,
      options->label_smoothing,
      options->scale_by_temperature_squared ? temperature * temperature : 1,
      classes,
      labels,
      options->label_type,
      options->ignore_index,
      row_weights,
      scale,
      static_cast<float*>(gradient),
      gradient_stride,
      row_loss};
  const RowTasks tasks(rows, classes);
  LossSums sums[RowTasks::kMostTasks];
  run_tasks(executor, tasks.count, [&](int64_t task) {
    sums[task] = kernels().distillation_loss(arguments, tasks.first(task), tasks.end(task));
  });
  if (totals == nullptr) return RETORT_OK;
  double hard = 0, soft = 0;
  for (int64_t task = 0; task < tasks.count; ++task) {
    hard += sums[task].hard;
    soft += sums[task].soft;
  }
  totals->hard = hard * scale;
  totals->soft = soft * scale;
  totals->total = (options->alpha < 1 ? (1.0 - options->alpha) * totals->hard : 0) +
                  (options->alpha > 0 ? options->alpha * totals->soft : 0);
  totals->denominator = denominator;
  totals->counted_rows = counted;
  return RETORT_OK;
}
