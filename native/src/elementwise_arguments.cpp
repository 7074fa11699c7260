#include "elementwise_arguments.h"

namespace retort {

retort_status check_relu_forward(int64_t size, const float* input, const float* output) {
  RETORT_CHECK(check_at_least("size", size, 0));
  const MatrixArgument in = vector_argument("input", input, size);
  const MatrixArgument out = vector_argument("output", output, size);
  RETORT_CHECK(check_matrix(in));
  RETORT_CHECK(check_matrix(out));
  return check_no_partial_overlap(out, in);
}

retort_status check_relu_backward(int64_t size, const float* output, const float* output_gradient,
                                  const float* input_gradient) {
  RETORT_CHECK(check_at_least("size", size, 0));
  const MatrixArgument dy = vector_argument("output_gradient", output_gradient, size);
  const MatrixArgument dx = vector_argument("input_gradient", input_gradient, size);
  RETORT_CHECK(check_arguments({dx}, {vector_argument("output", output, size)}));
  RETORT_CHECK(check_matrix(dy));
  return check_no_partial_overlap(dx, dy);
}

retort_status check_linear_combination(int64_t size, const float* x, const float* y,
                                       const float* output) {
  RETORT_CHECK(check_at_least("size", size, 0));
  const MatrixArgument in_x = vector_argument("x", x, size);
  const MatrixArgument in_y = vector_argument("y", y, size);
  const MatrixArgument out = vector_argument("output", output, size);
  RETORT_CHECK(check_matrix(in_x));
  RETORT_CHECK(check_matrix(in_y));
  RETORT_CHECK(check_matrix(out));
  RETORT_CHECK(check_no_partial_overlap(out, in_x));
  return check_no_partial_overlap(out, in_y);
}

retort_status check_add_to_rows(int64_t rows, int64_t columns, const float* row,
                                const float* matrix) {
  RETORT_CHECK(check_at_least("rows", rows, 0));
  RETORT_CHECK(check_at_least("columns", columns, 1));
  return check_arguments({{"matrix", matrix, rows, columns, columns}},
                         {vector_argument("row", row, columns)});
}

retort_status check_column_sums_sizes(int64_t rows, int64_t columns) {
  RETORT_CHECK(check_at_least("rows", rows, 0));
  RETORT_CHECK(check_at_least("columns", columns, 1));
  const MatrixArgument size_alone{"matrix", &rows, rows, columns, columns};
  return check_matrix(size_alone);
}

retort_status check_column_sums(int64_t rows, int64_t columns, const float* matrix,
                                const float* sums, const float* workspace, int64_t workspace_size) {
  return check_arguments({vector_argument("sums", sums, columns),
                          vector_argument("workspace", workspace, workspace_size)},
                         {{"matrix", matrix, rows, columns, columns}});
}

}  // namespace retort
