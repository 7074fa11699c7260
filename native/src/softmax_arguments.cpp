#include "softmax_arguments.h"

namespace retort {

retort_status check_softmax(const MatrixArgument& logits, float temperature,
                            const MatrixArgument& output) {
  RETORT_CHECK(check_dtype(logits.dtype));
  RETORT_CHECK(check_shape(logits.rows, logits.columns));
  RETORT_CHECK(check_temperature("temperature", temperature));
  RETORT_CHECK(check_matrix(logits));
  RETORT_CHECK(check_matrix(output));
  return check_no_partial_overlap(output, logits);
}

retort_status check_softmax_backward(const MatrixArgument& output,
                                     const MatrixArgument& output_gradient, float temperature,
                                     const MatrixArgument& logits_gradient) {
  RETORT_CHECK(check_dtype(output.dtype));
  RETORT_CHECK(check_shape(output.rows, output.columns));
  RETORT_CHECK(check_temperature("temperature", temperature));
  RETORT_CHECK(check_matrix(output));
  RETORT_CHECK(check_matrix(output_gradient));
  RETORT_CHECK(check_matrix(logits_gradient));
  RETORT_CHECK(check_no_partial_overlap(logits_gradient, output));
  return check_no_partial_overlap(logits_gradient, output_gradient);
}

}  // namespace retort
