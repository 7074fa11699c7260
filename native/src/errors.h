// The message behind a failed call, and the checks that every operation shares.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "retort/retort.h"

namespace retort {

// Stores the message for this thread and returns `status`.
retort_status fail(retort_status status, const char* format, ...)
    __attribute__((format(printf, 2, 3)));

// One [rows, classes] argument as the checks see it.
struct MatrixArgument {
  const char* name = "";
  retort_dtype dtype = RETORT_F32;
  const void* data = nullptr;
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t stride = 0;

  MatrixArgument() = default;
  MatrixArgument(const char* name, retort_dtype dtype, const void* data, int64_t rows,
                 int64_t columns, int64_t stride)
      : name(name), dtype(dtype), data(data), rows(rows), columns(columns), stride(stride) {}
  // Of f32.
  MatrixArgument(const char* name, const void* data, int64_t rows, int64_t columns, int64_t stride)
      : MatrixArgument(name, RETORT_F32, data, rows, columns, stride) {}
};

retort_status check_dtype(int dtype);
int64_t size_of(retort_dtype dtype);
// `value` names one of an enumeration's `count` first numbers.
retort_status check_enum(const char* name, const char* type, int value, int count);
retort_status check_shape(int64_t rows, int64_t classes);
// That an int32 can name every class.
retort_status check_indexable(int64_t classes);
retort_status check_temperature(const char* name, float temperature);
// Null, misaligned, a stride shorter than a row, a size that overflows.
retort_status check_matrix(const MatrixArgument& matrix);
// Two matrices that are neither the same one (same base and stride) nor apart.
retort_status check_no_partial_overlap(const MatrixArgument& output, const MatrixArgument& input);
// Two matrices that share any element.
retort_status check_apart(const MatrixArgument& output, const MatrixArgument& input);

// A [size] argument as the checks see it.
MatrixArgument vector_argument(const char* name, const void* data, int64_t size);
// The same, of size 0 where it is null.
MatrixArgument optional_vector_argument(const char* name, const void* data, int64_t size);

retort_status check_at_least(const char* name, int64_t value, int64_t least);
// A size or stride that a BLAS takes as an int.
retort_status check_int(const char* name, int64_t value);
// Finite and >= 0.
retort_status check_not_negative(const char* name, float value);
// Every argument by itself, and every output apart from every other argument.
retort_status check_arguments(std::initializer_list<MatrixArgument> outputs,
                              std::initializer_list<MatrixArgument> inputs);

}  // namespace retort

#define RETORT_CHECK(expression)                        \
  do {                                                  \
    const retort_status check_status = (expression);    \
    if (check_status != RETORT_OK) return check_status; \
  } while (0)
