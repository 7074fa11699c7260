#include "elementwise.h"

namespace retort::reference {

Row relu_forward(const Row& input) {
  Row output;
  for (double x : input) output.push_back(x < 0 ? 0 : x);
  return output;
}

Row relu_backward(const Row& output, const Row& output_gradient) {
  Row gradient;
  for (size_t i = 0; i < output.size(); ++i) {
    gradient.push_back(output[i] > 0 ? output_gradient[i] : 0);
  }
  return gradient;
}

Row linear_combination(double a, const Row& x, double b, const Row& y) {
  Row output;
  for (size_t i = 0; i < x.size(); ++i) output.push_back(a * x[i] + b * y[i]);
  return output;
}

Row add_to_rows(const Row& row, const Row& matrix) {
  Row sum;
  for (size_t i = 0; i < matrix.size(); ++i) sum.push_back(matrix[i] + row[i % row.size()]);
  return sum;
}

Row column_sums(size_t columns, const Row& matrix) {
  Row sums(columns, 0.0);
  for (size_t i = 0; i < matrix.size(); ++i) sums[i % columns] += matrix[i];
  return sums;
}

}  // namespace retort::reference
