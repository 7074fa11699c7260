#include "errors.h"

#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace retort {
namespace {

thread_local char last_error[256] = "no error";

// A mebibyte below the largest offset a pointer difference can hold, so that `base + bytes` cannot
// wrap.
constexpr int64_t kLargestBytes = INT64_MAX - (int64_t{1} << 20);

uintptr_t first_byte(const MatrixArgument& matrix) {
  return reinterpret_cast<uintptr_t>(matrix.data);
}

uintptr_t end_byte(const MatrixArgument& matrix) {
  const int64_t elements = (matrix.rows - 1) * matrix.stride + matrix.columns;
  return first_byte(matrix) + static_cast<uintptr_t>(elements * size_of(matrix.dtype));
}

bool overlap(const MatrixArgument& a, const MatrixArgument& b) {
  if (a.rows == 0 || a.columns == 0 || b.rows == 0 || b.columns == 0) return false;
  return first_byte(a) < end_byte(b) && first_byte(b) < end_byte(a);
}

}  // namespace

retort_status fail(retort_status status, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(last_error, sizeof last_error, format, arguments);
  va_end(arguments);
  return status;
}

retort_status check_enum(const char* name, const char* type, int value, int count) {
  if (value >= 0 && value < count) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "%s must be a %s, got %d", name, type, value);
}

retort_status check_dtype(int dtype) { return check_enum("dtype", "retort_dtype", dtype, 3); }

int64_t size_of(retort_dtype dtype) { return dtype == RETORT_F32 ? 4 : 2; }

retort_status check_shape(int64_t rows, int64_t classes) {
  if (rows < 0) {
    return fail(RETORT_INVALID_ARGUMENT, "rows must be >= 0, got %lld",
                static_cast<long long>(rows));
  }
  if (classes < 1) {
    return fail(RETORT_INVALID_ARGUMENT, "classes must be >= 1, got %lld",
                static_cast<long long>(classes));
  }
  return RETORT_OK;
}

retort_status check_indexable(int64_t classes) {
  if (classes <= INT32_MAX) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "classes must be below 2^31 for indices of int32, got %lld",
              static_cast<long long>(classes));
}

retort_status check_temperature(const char* name, float temperature) {
  // Its square and its inverse are floats with room to spare.
  if (temperature >= 1e-18f && temperature <= 1e18f) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "%s must be in [1e-18, 1e18], got %g", name,
              static_cast<double>(temperature));
}

retort_status check_matrix(const MatrixArgument& matrix) {
  if (matrix.stride < matrix.columns) {
    return fail(RETORT_INVALID_ARGUMENT,
                "%s stride must be at least the %lld columns of a row, got %lld", matrix.name,
                static_cast<long long>(matrix.columns), static_cast<long long>(matrix.stride));
  }
  if (matrix.rows > 0 && matrix.stride > kLargestBytes / 8 / matrix.rows) {
    return fail(RETORT_INVALID_ARGUMENT, "%s of %lld rows with stride %lld overflows 64 bits",
                matrix.name, static_cast<long long>(matrix.rows),
                static_cast<long long>(matrix.stride));
  }
  if (matrix.rows == 0) return RETORT_OK;
  if (matrix.data == nullptr)
    return fail(RETORT_INVALID_ARGUMENT, "%s must not be null", matrix.name);
  if (first_byte(matrix) % static_cast<uintptr_t>(size_of(matrix.dtype)) != 0) {
    return fail(RETORT_INVALID_ARGUMENT, "%s must be aligned to its elements, got address %p",
                matrix.name, matrix.data);
  }
  return RETORT_OK;
}

retort_status check_apart(const MatrixArgument& output, const MatrixArgument& input) {
  if (!overlap(output, input)) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "%s must not overlap %s", output.name, input.name);
}

retort_status check_no_partial_overlap(const MatrixArgument& output, const MatrixArgument& input) {
  if (output.data == input.data && output.stride == input.stride) return RETORT_OK;
  return check_apart(output, input);
}

MatrixArgument vector_argument(const char* name, const void* data, int64_t size) {
  return {name, data, size, 1, 1};
}

MatrixArgument optional_vector_argument(const char* name, const void* data, int64_t size) {
  return vector_argument(name, data, data == nullptr ? 0 : size);
}

retort_status check_at_least(const char* name, int64_t value, int64_t least) {
  if (value >= least) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "%s must be >= %lld, got %lld", name,
              static_cast<long long>(least), static_cast<long long>(value));
}

retort_status check_int(const char* name, int64_t value) {
  RETORT_CHECK(check_at_least(name, value, 0));
  if (value <= INT32_MAX) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "%s must fit 32 bits, got %lld", name,
              static_cast<long long>(value));
}

retort_status check_not_negative(const char* name, float value) {
  if (std::isfinite(value) && value >= 0) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "%s must be finite and >= 0, got %g", name,
              static_cast<double>(value));
}

retort_status check_arguments(std::initializer_list<MatrixArgument> outputs,
                              std::initializer_list<MatrixArgument> inputs) {
  for (const MatrixArgument& output : outputs) RETORT_CHECK(check_matrix(output));
  for (const MatrixArgument& input : inputs) RETORT_CHECK(check_matrix(input));
  for (const MatrixArgument& output : outputs) {
    for (const MatrixArgument& input : inputs) RETORT_CHECK(check_apart(output, input));
    for (const MatrixArgument* other = &output + 1; other != outputs.end(); ++other) {
      RETORT_CHECK(check_apart(output, *other));
    }
  }
  return RETORT_OK;
}

}  // namespace retort

const char* retort_last_error(void) { return retort::last_error; }

const char* retort_version(void) { return RETORT_VERSION; }
