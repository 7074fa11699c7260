// The kernels of the distillation tangent for bf16.
#include "distillation_tangent_instances.cuh"

template retort_status retort::cuda::launch_distillation_tangent<retort::cuda::BFloat16>(
    const DistillationTangentParameters& a, void* stream);
