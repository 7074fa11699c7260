#include "pooling_arguments.h"

namespace retort {
namespace {

retort_status check_output_side(const char* name, int64_t size, const retort_pooling& pooling,
                                int64_t* output_size) {
  int64_t padded;
  if (__builtin_add_overflow(size, 2 * pooling.padding, &padded) || padded < pooling.kernel) {
    return fail(RETORT_INVALID_ARGUMENT,
                "kernel must fit the padded image, got %lld for an %s of %lld and padding %lld",
                static_cast<long long>(pooling.kernel), name, static_cast<long long>(size),
                static_cast<long long>(pooling.padding));
  }
  *output_size = (padded - pooling.kernel) / pooling.stride + 1;
  return RETORT_OK;
}

// [images * height, width * channels] with sizes that may overflow, which check_matrix refuses.
retort_status image_argument(const char* name, const float* data, int64_t images, int64_t height,
                             int64_t width, int64_t channels, MatrixArgument* argument) {
  int64_t rows, columns;
  if (__builtin_mul_overflow(images, height, &rows) ||
      __builtin_mul_overflow(width, channels, &columns)) {
    return fail(RETORT_INVALID_ARGUMENT,
                "%s of %lld images of %lld x %lld x %lld overflows 64 bits", name,
                static_cast<long long>(images), static_cast<long long>(height),
                static_cast<long long>(width), static_cast<long long>(channels));
  }
  *argument = {name, data, rows, columns, columns};
  return check_matrix(*argument);
}

retort_status input_argument(const char* name, const float* data, const PoolingGeometry& geometry,
                             MatrixArgument* argument) {
  const retort_pooling& pooling = geometry.pooling;
  return image_argument(name, data, pooling.images, pooling.input_height, pooling.input_width,
                        pooling.channels, argument);
}

retort_status output_argument(const char* name, const float* data, const PoolingGeometry& geometry,
                              MatrixArgument* argument) {
  return image_argument(name, data, geometry.pooling.images, geometry.output_height,
                        geometry.output_width, geometry.pooling.channels, argument);
}

}  // namespace

retort_status check_pooling(const retort_pooling* pooling, PoolingGeometry* geometry) {
  if (pooling == nullptr) return fail(RETORT_INVALID_ARGUMENT, "pooling must not be null");
  RETORT_CHECK(check_at_least("images", pooling->images, 0));
  RETORT_CHECK(check_at_least("input_height", pooling->input_height, 1));
  RETORT_CHECK(check_at_least("input_width", pooling->input_width, 1));
  RETORT_CHECK(check_at_least("channels", pooling->channels, 1));
  RETORT_CHECK(check_at_least("kernel", pooling->kernel, 1));
  RETORT_CHECK(check_at_least("stride", pooling->stride, 1));
  RETORT_CHECK(check_at_least("padding", pooling->padding, 0));
  if (pooling->padding >= pooling->kernel) {
    return fail(RETORT_INVALID_ARGUMENT, "padding must be less than the kernel %lld, got %lld",
                static_cast<long long>(pooling->kernel), static_cast<long long>(pooling->padding));
  }
  constexpr int64_t kLargestSide = int64_t{1} << 31;
  for (const int64_t side : {pooling->kernel, pooling->stride}) {
    if (side > kLargestSide) {
      return fail(RETORT_INVALID_ARGUMENT, "kernel and stride must be at most 2^31, got %lld",
                  static_cast<long long>(side));
    }
  }
  geometry->pooling = *pooling;
  geometry->windows_overlap = pooling->stride < pooling->kernel;
  RETORT_CHECK(
      check_output_side("input_height", pooling->input_height, *pooling, &geometry->output_height));
  return check_output_side("input_width", pooling->input_width, *pooling, &geometry->output_width);
}

retort_status check_max_pool_forward(const retort_pooling* pooling, const float* input,
                                     const float* output, PoolingGeometry* geometry) {
  MatrixArgument x{}, y{};
  RETORT_CHECK(check_pooling(pooling, geometry));
  RETORT_CHECK(input_argument("input", input, *geometry, &x));
  RETORT_CHECK(output_argument("output", output, *geometry, &y));
  return check_apart(y, x);
}

retort_status check_max_pool_backward(const retort_pooling* pooling, const float* input,
                                      const float* output_gradient, const float* input_gradient,
                                      PoolingGeometry* geometry) {
  MatrixArgument x{}, dy{}, dx{};
  RETORT_CHECK(check_pooling(pooling, geometry));
  RETORT_CHECK(input_argument("input", input, *geometry, &x));
  RETORT_CHECK(output_argument("output_gradient", output_gradient, *geometry, &dy));
  RETORT_CHECK(input_argument("input_gradient", input_gradient, *geometry, &dx));
  return check_arguments({dx}, {x, dy});
}

retort_status check_max_pool_tangent(const retort_pooling* pooling, const float* input,
                                     const float* input_tangent, const float* output_tangent,
                                     PoolingGeometry* geometry) {
  MatrixArgument x{}, x_tangent{}, y_tangent{};
  RETORT_CHECK(check_pooling(pooling, geometry));
  RETORT_CHECK(input_argument("input", input, *geometry, &x));
  RETORT_CHECK(input_argument("input_tangent", input_tangent, *geometry, &x_tangent));
  RETORT_CHECK(output_argument("output_tangent", output_tangent, *geometry, &y_tangent));
  return check_arguments({y_tangent}, {x, x_tangent});
}

retort_status check_average_pool_forward(const retort_pooling* pooling, const float* input,
                                         const float* output, PoolingGeometry* geometry) {
  MatrixArgument x{}, y{};
  RETORT_CHECK(check_pooling(pooling, geometry));
  RETORT_CHECK(input_argument("input", input, *geometry, &x));
  RETORT_CHECK(output_argument("output", output, *geometry, &y));
  return check_apart(y, x);
}

retort_status check_average_pool_backward(const retort_pooling* pooling,
                                          const float* output_gradient, const float* input_gradient,
                                          PoolingGeometry* geometry) {
  MatrixArgument dy{}, dx{};
  RETORT_CHECK(check_pooling(pooling, geometry));
  RETORT_CHECK(output_argument("output_gradient", output_gradient, *geometry, &dy));
  RETORT_CHECK(input_argument("input_gradient", input_gradient, *geometry, &dx));
  return check_apart(dx, dy);
}

}  // namespace retort
