// What the elementwise operations and the sums of columns mean.
#pragma once

#include <stddef.h>

#include "reference.h"

namespace retort::reference {

Row relu_forward(const Row& input);
Row relu_backward(const Row& output, const Row& output_gradient);
Row linear_combination(double a, const Row& x, double b, const Row& y);
// `matrix` is [rows, row.size()].
Row add_to_rows(const Row& row, const Row& matrix);
Row column_sums(size_t columns, const Row& matrix);

}  // namespace retort::reference
