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
  const char* name;
  const void* data;
  int64_t rows;
  int64_t columns;
  int64_t stride;
};

retort_status check_dtype(int dtype);
retort_status check_shape(int64_t rows, int64_t classes);
retort_status check_temperature(float temperature);
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
