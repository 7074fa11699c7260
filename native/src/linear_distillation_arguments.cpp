#include "linear_distillation_arguments.h"

#include <algorithm>

namespace retort {
namespace {

constexpr int64_t kMostChunkRows = int64_t{1} << 30;  // a BLAS counts them in an int

int64_t divided_up(int64_t a, int64_t b) { return a / b + (a % b != 0); }

Staging staging_of(const retort_distillation_loss_options& options) {
  if (options.alpha == 0) return Staging::kNone;
  if (options.standardize_logits) return Staging::kApart;
  if (options.mean == RETORT_MEAN_OF_LOGITS) return Staging::kSum;
  const bool asks_each_teacher =
      options.soft_value == RETORT_MEAN_OF_KL || options.divergence == RETORT_NORMALIZED;
  return asks_each_teacher ? Staging::kApart : Staging::kMix;
}

// Matrices of logits that a chunk needs, the student's included.
int64_t matrices_of(Staging staging, int64_t teachers) {
  switch (staging) {
    case Staging::kNone:
      return 1;
    case Staging::kSum:
      return 2;
    case Staging::kMix:
      return 1 + std::min<int64_t>(teachers, 2);
    default:
      return 1 + teachers;
  }
}

retort_status check_teacher_count(int64_t count) {
  if (count >= 1 && count <= kMostMembers) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "teacher count must be in [1, %lld], got %lld",
              static_cast<long long>(kMostMembers), static_cast<long long>(count));
}

// What a layer's arguments are called in messages.
struct LayerNames {
  const char *hidden_size, *hidden, *hidden_stride, *weights, *weights_stride, *bias;
};

constexpr LayerNames kStudentNames{"student hidden_size",    "student hidden",
                                   "student hidden_stride",  "student weights",
                                   "student weights_stride", "student bias"};
constexpr LayerNames kTeacherNames{"teacher hidden_size",    "teacher hidden",
                                   "teacher hidden_stride",  "teacher weights",
                                   "teacher weights_stride", "teacher bias"};

// A layer as the checks see it.
struct LayerArguments {
  MatrixArgument hidden, weights, bias;

  retort_status set(const LayerNames& names, const retort_linear_layer& layer, retort_dtype dtype,
                    int64_t rows, int64_t classes) {
    RETORT_CHECK(check_hidden_size(names.hidden_size, layer.hidden_size));
    RETORT_CHECK(check_int(names.hidden_stride, layer.hidden_stride));
    RETORT_CHECK(check_int(names.weights_stride, layer.weights_stride));
    hidden = {names.hidden, dtype, layer.hidden, rows, layer.hidden_size, layer.hidden_stride};
    weights = {names.weights,       dtype, layer.weights, classes, layer.hidden_size,
               layer.weights_stride};
    bias = optional_vector_argument(names.bias, layer.bias, classes);
    return check_arguments({}, {hidden, weights, bias});
  }
};

// Everything that is written, as the checks see it.
struct OutputArguments {
  MatrixArgument hidden, weights, bias, row_loss, workspace;

  retort_status set(const LinearDistillationArguments& a, retort_dtype dtype, int64_t classes) {
    const retort_linear_gradient& gradient = a.gradient;
    RETORT_CHECK(set_optional({"gradient hidden", dtype, gradient.hidden, a.chunks.rows,
                               a.student->hidden_size, gradient.hidden_stride},
                              &hidden));
    RETORT_CHECK(set_optional({"gradient weights", gradient.weights, classes,
                               a.student->hidden_size, gradient.weights_stride},
                              &weights));
    bias = optional_vector_argument("gradient bias", gradient.bias, classes);
    row_loss = optional_vector_argument("row_loss", a.row_loss, a.chunks.rows);
    workspace = vector_argument("workspace", a.workspace,
                                a.workspace_bytes / static_cast<int64_t>(sizeof(float)));
    return check_arguments({hidden, weights, bias, row_loss, workspace}, {});
  }

  retort_status check_apart_from(const MatrixArgument& input) const {
    for (const MatrixArgument* output : {&hidden, &weights, &bias, &row_loss, &workspace}) {
      RETORT_CHECK(check_apart(*output, input));
    }
    return RETORT_OK;
  }
  retort_status check_apart_from_labels(const DistillationArguments& loss) const {
    for (const MatrixArgument* output : {&hidden, &weights, &bias, &row_loss, &workspace}) {
      RETORT_CHECK(loss.check_apart_from_labels(*output));
    }
    return RETORT_OK;
  }
  retort_status check_apart_from(const LayerArguments& layer) const {
    RETORT_CHECK(check_apart_from(layer.hidden));
    RETORT_CHECK(check_apart_from(layer.weights));
    return check_apart_from(layer.bias);
  }

 private:
  static retort_status set_optional(const MatrixArgument& given, MatrixArgument* matrix) {
    *matrix = given;
    if (given.data != nullptr) return check_int(given.name, given.stride);
    matrix->rows = 0;
    matrix->stride = given.columns;
    return RETORT_OK;
  }
};

}  // namespace

retort_status check_linear_options(const retort_distillation_loss_options* options,
                                   bool takes_halves) {
  if (options == nullptr) return fail(RETORT_INVALID_ARGUMENT, "options must not be null");
  RETORT_CHECK(check_dtype(options->dtype));
  if (options->dtype != RETORT_F32 && !takes_halves) {
    return fail(RETORT_UNSUPPORTED,
                "linear distillation has no kernel for dtype %d, only for RETORT_F32 (0)",
                static_cast<int>(options->dtype));
  }
  if (options->teacher_form != RETORT_LOGITS) {
    return fail(RETORT_INVALID_ARGUMENT,
                "teacher_form must be RETORT_LOGITS (0), which a linear layer gives, got %d",
                static_cast<int>(options->teacher_form));
  }
  return RETORT_OK;
}

retort_status check_hidden_size(const char* name, int64_t hidden_size) {
  RETORT_CHECK(check_at_least(name, hidden_size, 1));
  return check_int(name, hidden_size);
}

retort_status Chunks::set(const retort_distillation_loss_options& options, int64_t all_rows,
                          int64_t classes, int64_t teacher_count, int64_t budget,
                          int64_t stride_unit) {
  RETORT_CHECK(check_shape(all_rows, classes));
  RETORT_CHECK(check_int("classes", classes));
  staging = staging_of(options);
  if (staging != Staging::kNone) RETORT_CHECK(check_teacher_count(teacher_count));
  rows = all_rows;
  if (rows == 0) return RETORT_OK;
  const int64_t matrices = matrices_of(staging, teacher_count);
  stride = divided_up(classes, stride_unit) * stride_unit;
  const int64_t row_bytes = matrices * stride * size_of(options.dtype);
  if (budget < row_bytes) {
    return fail(RETORT_INVALID_ARGUMENT,
                "budget must be at least %lld bytes, for a row of %lld classes in %lld matrices of "
                "logits, got %lld",
                static_cast<long long>(row_bytes), static_cast<long long>(classes),
                static_cast<long long>(matrices), static_cast<long long>(budget));
  }
  const int64_t affordable = std::min(budget / row_bytes, kMostChunkRows);
  const int64_t unit = affordable >= 256 ? 256 : affordable >= 16 ? 16 : 1;
  const int64_t chunks = divided_up(rows, affordable / unit * unit);
  rows_per_chunk = std::min(rows, divided_up(divided_up(rows, chunks), unit) * unit);
  matrix_bytes = rows_per_chunk * stride * size_of(options.dtype);
  bytes = matrices * matrix_bytes;
  return RETORT_OK;
}

retort_status LinearDistillationArguments::check(const retort_distillation_loss_options* options,
                                                 int64_t classes, int64_t teacher_count,
                                                 const float* teacher_weights, const void* labels,
                                                 const float* row_weights,
                                                 DistillationArguments::Labels where) {
  const int64_t rows = chunks.rows;
  const retort_dtype dtype = options->dtype;
  if (student == nullptr) return fail(RETORT_INVALID_ARGUMENT, "student must not be null");
  LayerArguments layer;
  RETORT_CHECK(layer.set(kStudentNames, *student, dtype, rows, classes));
  OutputArguments outputs;
  RETORT_CHECK(outputs.set(*this, dtype, classes));
  RETORT_CHECK(outputs.check_apart_from(layer));
  const void* logits[kMostMembers];
  if (chunks.staging != Staging::kNone) {
    if (teachers == nullptr) return fail(RETORT_INVALID_ARGUMENT, "teachers must not be null");
    std::fill_n(logits, teacher_count, workspace);
  }
  const int64_t stride = rows == 0 ? classes : chunks.stride;
  RETORT_CHECK(loss.set(options, rows, classes, workspace, stride, logits, teacher_count, stride,
                        teacher_weights, labels, row_weights, where));
  RETORT_CHECK(outputs.check_apart_from_labels(loss));
  for (int64_t k = 0; k < loss.teachers().logits().count; ++k) {
    RETORT_CHECK(
        layer.set(kTeacherNames, teachers[loss.teachers().place(k)], dtype, rows, classes));
    RETORT_CHECK(outputs.check_apart_from(layer));
  }
  return loss.check_row_loss_is_given(row_loss);
}

}  // namespace retort
