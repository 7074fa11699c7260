// The checks of top_k's arguments, on whatever device they are.
#pragma once

#include "errors.h"

namespace retort {

// `k` is the columns of both outputs.
retort_status check_top_k(const MatrixArgument& logits, retort_form form, float temperature,
                          const MatrixArgument& indices, const MatrixArgument& values);

}  // namespace retort
