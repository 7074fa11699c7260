#include "batch_norm_arguments.h"

#include <cmath>

#include "pooling_arguments.h"

namespace retort {
namespace {

MatrixArgument matrix_argument(const char* name, const float* data,
                               const retort_batch_norm& batch_norm) {
  return {name, data, batch_norm.rows, batch_norm.channels, batch_norm.channels};
}

// What batch normalisation gives, or the pooling that follows it.
MatrixArgument output_argument(const char* name, const float* data,
                               const retort_batch_norm& batch_norm) {
  MatrixArgument argument = matrix_argument(name, data, batch_norm);
  if (batch_norm.max_pool != nullptr) {
    const PoolingGeometry geometry = pooling_geometry(batch_norm);
    argument.rows = geometry.pooling.images * geometry.output_height * geometry.output_width;
  }
  return argument;
}

// Without pooling an output may take the place of its input.
retort_status check_in_place(const retort_batch_norm& batch_norm, const MatrixArgument& output,
                             const MatrixArgument& input) {
  return batch_norm.max_pool == nullptr ? check_no_partial_overlap(output, input)
                                        : check_apart(output, input);
}

retort_status check_max_pool(const retort_batch_norm& batch_norm) {
  PoolingGeometry geometry;
  RETORT_CHECK(check_pooling(batch_norm.max_pool, &geometry));
  const retort_pooling& pooling = geometry.pooling;
  if (pooling.stride != pooling.kernel || pooling.padding != 0) {
    return fail(
        RETORT_INVALID_ARGUMENT,
        "max_pool must have windows side by side, got kernel %lld, stride %lld and padding %lld",
        static_cast<long long>(pooling.kernel), static_cast<long long>(pooling.stride),
        static_cast<long long>(pooling.padding));
  }
  int64_t pixels;
  const bool overflows =
      __builtin_mul_overflow(pooling.input_height, pooling.input_width, &pixels) ||
      __builtin_mul_overflow(pooling.images, pixels, &pixels);
  if (overflows || pixels != batch_norm.rows || pooling.channels != batch_norm.channels) {
    return fail(
        RETORT_INVALID_ARGUMENT,
        "max_pool must have the %lld rows as pixels and %lld channels, got %lld images of %lld x "
        "%lld x %lld",
        static_cast<long long>(batch_norm.rows), static_cast<long long>(batch_norm.channels),
        static_cast<long long>(pooling.images), static_cast<long long>(pooling.input_height),
        static_cast<long long>(pooling.input_width), static_cast<long long>(pooling.channels));
  }
  return RETORT_OK;
}

}  // namespace

PoolingGeometry pooling_geometry(const retort_batch_norm& batch_norm) {
  PoolingGeometry geometry;
  if (batch_norm.max_pool != nullptr) check_pooling(batch_norm.max_pool, &geometry);
  return geometry;
}

retort_status check_batch_norm(const retort_batch_norm* batch_norm) {
  if (batch_norm == nullptr) return fail(RETORT_INVALID_ARGUMENT, "batch_norm must not be null");
  RETORT_CHECK(check_at_least("rows", batch_norm->rows, 0));
  RETORT_CHECK(check_at_least("channels", batch_norm->channels, 1));
  if (!std::isfinite(batch_norm->epsilon) || batch_norm->epsilon <= 0) {
    return fail(RETORT_INVALID_ARGUMENT, "epsilon must be finite and > 0, got %g",
                static_cast<double>(batch_norm->epsilon));
  }
  const MatrixArgument size_alone{"input", batch_norm, batch_norm->rows, batch_norm->channels,
                                  batch_norm->channels};
  RETORT_CHECK(check_matrix(size_alone));
  return batch_norm->max_pool == nullptr ? RETORT_OK : check_max_pool(*batch_norm);
}

retort_status check_batch_norm_training(const retort_batch_norm& batch_norm, const float* input,
                                        const float* scale, const float* shift, float momentum,
                                        const float* running_mean, const float* running_variance,
                                        const float* mean, const float* inverse_deviation,
                                        const float* output, const float* workspace,
                                        int64_t workspace_size) {
  const int64_t rows = batch_norm.rows, channels = batch_norm.channels;
  RETORT_CHECK(check_at_least("rows", rows, 1));
  if (!(momentum >= 0 && momentum <= 1)) {
    return fail(RETORT_INVALID_ARGUMENT, "momentum must be in [0, 1], got %g",
                static_cast<double>(momentum));
  }
  const MatrixArgument x = matrix_argument("input", input, batch_norm);
  const MatrixArgument y = output_argument("output", output, batch_norm);
  const MatrixArgument scales = vector_argument("scale", scale, channels);
  const MatrixArgument shifts = vector_argument("shift", shift, channels);
  const MatrixArgument means = vector_argument("mean", mean, channels);
  const MatrixArgument deviations =
      vector_argument("inverse_deviation", inverse_deviation, channels);
  const MatrixArgument running_means =
      optional_vector_argument("running_mean", running_mean, channels);
  const MatrixArgument running_variances =
      optional_vector_argument("running_variance", running_variance, channels);
  const MatrixArgument space = vector_argument("workspace", workspace, workspace_size);
  RETORT_CHECK(check_arguments({means, deviations, running_means, running_variances, space},
                               {x, scales, shifts}));
  RETORT_CHECK(check_arguments(
      {y}, {means, deviations, running_means, running_variances, space, scales, shifts}));
  return check_in_place(batch_norm, y, x);
}

retort_status check_batch_norm_inference(const retort_batch_norm& batch_norm, const float* input,
                                         const float* scale, const float* shift,
                                         const float* running_mean, const float* running_variance,
                                         const float* output) {
  const int64_t channels = batch_norm.channels;
  const MatrixArgument x = matrix_argument("input", input, batch_norm);
  const MatrixArgument y = output_argument("output", output, batch_norm);
  RETORT_CHECK(check_matrix(x));
  RETORT_CHECK(check_arguments(
      {y}, {vector_argument("scale", scale, channels), vector_argument("shift", shift, channels),
            vector_argument("running_mean", running_mean, channels),
            vector_argument("running_variance", running_variance, channels)}));
  return check_in_place(batch_norm, y, x);
}

retort_status check_batch_norm_backward(const retort_batch_norm& batch_norm, const float* input,
                                        const float* scale, const float* shift, const float* mean,
                                        const float* inverse_deviation,
                                        const float* output_gradient, const float* input_gradient,
                                        const float* scale_gradient, const float* shift_gradient,
                                        const float* workspace, int64_t workspace_size) {
  const int64_t channels = batch_norm.channels;
  const MatrixArgument x = matrix_argument("input", input, batch_norm);
  const MatrixArgument dy = output_argument("output_gradient", output_gradient, batch_norm);
  const MatrixArgument dx = matrix_argument("input_gradient", input_gradient, batch_norm);
  const MatrixArgument scales = vector_argument("scale", scale, channels);
  const MatrixArgument shifts = vector_argument("shift", shift, channels);
  const MatrixArgument means = vector_argument("mean", mean, channels);
  const MatrixArgument deviations =
      vector_argument("inverse_deviation", inverse_deviation, channels);
  const MatrixArgument scale_gradients =
      vector_argument("scale_gradient", scale_gradient, channels);
  const MatrixArgument shift_gradients =
      vector_argument("shift_gradient", shift_gradient, channels);
  const MatrixArgument space = vector_argument("workspace", workspace, workspace_size);
  RETORT_CHECK(check_arguments({dx, scale_gradients, shift_gradients, space},
                               {x, scales, shifts, means, deviations}));
  RETORT_CHECK(check_arguments({scale_gradients, shift_gradients, space}, {dy}));
  return check_in_place(batch_norm, dx, dy);
}

retort_status check_batch_norm_tangent(const retort_batch_norm& batch_norm, const float* input,
                                       const float* scale, const float* shift, const float* mean,
                                       const float* inverse_deviation, const float* input_tangent,
                                       const float* scale_tangent, const float* shift_tangent,
                                       const float* output_tangent, const float* workspace,
                                       int64_t workspace_size) {
  const int64_t channels = batch_norm.channels;
  MatrixArgument x_tangent = matrix_argument("input_tangent", input_tangent, batch_norm);
  if (input_tangent == nullptr) x_tangent.rows = 0;
  return check_arguments(
      {output_argument("output_tangent", output_tangent, batch_norm),
       vector_argument("workspace", workspace, workspace_size)},
      {matrix_argument("input", input, batch_norm), vector_argument("scale", scale, channels),
       vector_argument("shift", shift, channels), vector_argument("mean", mean, channels),
       vector_argument("inverse_deviation", inverse_deviation, channels), x_tangent,
       optional_vector_argument("scale_tangent", scale_tangent, channels),
       optional_vector_argument("shift_tangent", shift_tangent, channels)});
}

}  // namespace retort
