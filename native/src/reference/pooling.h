// What pooling means; retort/network.h has the shapes.
#pragma once

#include "reference.h"
#include "retort/network.h"

namespace retort::reference {

Row max_pool_forward(const retort_pooling& pooling, const Row& input);
Row max_pool_backward(const retort_pooling& pooling, const Row& input, const Row& output_gradient);
Row max_pool_tangent(const retort_pooling& pooling, const Row& input, const Row& input_tangent);
Row average_pool_forward(const retort_pooling& pooling, const Row& input);
Row average_pool_backward(const retort_pooling& pooling, const Row& output_gradient);

// The side of the output for a side of the input.
int64_t pooled_side(const retort_pooling& pooling, int64_t input_side);

}  // namespace retort::reference
