// The kernels of the distillation loss for bf16.
#include "distillation_loss_instances.cuh"

template retort_status retort::cuda::launch_distillation_loss<retort::cuda::BFloat16>(
    const DistillationParameters& a, void* stream);
