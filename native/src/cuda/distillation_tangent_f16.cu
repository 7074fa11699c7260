// The kernels of the distillation tangent for f16.
#include "distillation_tangent_instances.cuh"

template retort_status retort::cuda::launch_distillation_tangent<retort::cuda::Float16>(
    const DistillationTangentParameters& a, void* stream);
