// The kernels of the distillation tangent for f32.
#include "distillation_tangent_instances.cuh"

template retort_status retort::cuda::launch_distillation_tangent<float>(
    const DistillationTangentParameters& a, void* stream);
