// The checks of the arguments of elementwise operations and column sums, on whatever device they are.
#pragma once

#include "errors.h"

namespace retort {

retort_status check_relu_forward(int64_t size, const float* input, const float* output);
retort_status check_relu_backward(int64_t size, const float* output, const float* output_gradient,
                                  const float* input_gradient);
retort_status check_linear_combination(int64_t size, const float* x, const float* y,
                                       const float* output);
retort_status check_add_to_rows(int64_t rows, int64_t columns, const float* row,
                                const float* matrix);
retort_status check_column_sums_sizes(int64_t rows, int64_t columns);
// Of sizes that are valid, with a workspace of so many floats.
retort_status check_column_sums(int64_t rows, int64_t columns, const float* matrix,
                                const float* sums, const float* workspace, int64_t workspace_size);

}  // namespace retort
