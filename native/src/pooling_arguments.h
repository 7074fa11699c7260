// The checks of pooling's arguments, on whatever device they are; what passes has the geometry that comes out.
#pragma once

#include "cpu/kernels.h"
#include "errors.h"

namespace retort {

// Of the pooling alone.
retort_status check_pooling(const retort_pooling* pooling, PoolingGeometry* geometry);
retort_status check_max_pool_forward(const retort_pooling* pooling, const float* input,
                                     const float* output, PoolingGeometry* geometry);
retort_status check_max_pool_backward(const retort_pooling* pooling, const float* input,
                                      const float* output_gradient, const float* input_gradient,
                                      PoolingGeometry* geometry);
retort_status check_max_pool_tangent(const retort_pooling* pooling, const float* input,
                                     const float* input_tangent, const float* output_tangent,
                                     PoolingGeometry* geometry);
retort_status check_average_pool_forward(const retort_pooling* pooling, const float* input,
                                         const float* output, PoolingGeometry* geometry);
retort_status check_average_pool_backward(const retort_pooling* pooling,
                                          const float* output_gradient, const float* input_gradient,
                                          PoolingGeometry* geometry);

}  // namespace retort
