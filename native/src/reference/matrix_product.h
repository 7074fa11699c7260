// What a matrix product means.
#pragma once

#include <stddef.h>

#include "reference.h"

namespace retort::reference {

// op(a) * op(b), [m, n]; a is stored [m, k], or [k, m] where it is to be transposed, b alike.
Row matrix_product(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const Row& a,
                   const Row& b);

}  // namespace retort::reference
