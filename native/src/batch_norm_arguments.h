// The checks of the arguments of batch normalisation, on whatever device they are. A workspace has the size in
// floats that its device asks for.
#pragma once

#include "cpu/kernels.h"
#include "errors.h"
#include "retort/network.h"

namespace retort {

// Of the options alone, without which a workspace has no size.
retort_status check_batch_norm(const retort_batch_norm* batch_norm);
// Of those that passed: the windows of the pooling that follows; none where there is none.
PoolingGeometry pooling_geometry(const retort_batch_norm& batch_norm);
retort_status check_batch_norm_training(const retort_batch_norm& batch_norm, const float* input,
                                        const float* scale, const float* shift, float momentum,
                                        const float* running_mean, const float* running_variance,
                                        const float* mean, const float* inverse_deviation,
                                        const float* output, const float* workspace,
                                        int64_t workspace_size);
retort_status check_batch_norm_inference(const retort_batch_norm& batch_norm, const float* input,
                                         const float* scale, const float* shift,
                                         const float* running_mean, const float* running_variance,
                                         const float* output);
retort_status check_batch_norm_backward(const retort_batch_norm& batch_norm, const float* input,
                                        const float* scale, const float* shift, const float* mean,
                                        const float* inverse_deviation,
                                        const float* output_gradient, const float* input_gradient,
                                        const float* scale_gradient, const float* shift_gradient,
                                        const float* workspace, int64_t workspace_size);
retort_status check_batch_norm_tangent(const retort_batch_norm& batch_norm, const float* input,
                                       const float* scale, const float* shift, const float* mean,
                                       const float* inverse_deviation, const float* input_tangent,
                                       const float* scale_tangent, const float* shift_tangent,
                                       const float* output_tangent, const float* workspace,
                                       int64_t workspace_size);

}  // namespace retort
