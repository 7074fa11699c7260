// The kernels of the distillation loss for f32.
#include "distillation_loss_instances.cuh"

template retort_status retort::cuda::launch_distillation_loss<float>(
    const DistillationParameters& a, void* stream);
