// The checks of softmax's arguments, on whatever device they are.
#pragma once

#include "errors.h"

namespace retort {

retort_status check_softmax(const MatrixArgument& logits, float temperature,
                            const MatrixArgument& output);
retort_status check_softmax_backward(const MatrixArgument& output,
                                     const MatrixArgument& output_gradient, float temperature,
                                     const MatrixArgument& logits_gradient);

}  // namespace retort
