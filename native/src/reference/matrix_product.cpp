#include "matrix_product.h"

namespace retort::reference {

Row matrix_product(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const Row& a,
                   const Row& b) {
  Row c(m * n, 0.0);
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < n; ++j) {
      for (size_t l = 0; l < k; ++l) {
        c[i * n + j] +=
            a[transpose_a ? l * m + i : i * k + l] * b[transpose_b ? j * k + l : l * n + j];
      }
    }
  }
  return c;
}

}  // namespace retort::reference
