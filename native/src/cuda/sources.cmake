# What retort_cuda is made of, for the library itself and for the tests' emulation of it.
set(retort_cuda_kernels
  batch_norm.cu
  column_sums.cu
  convert.cu
  distillation_loss.cu
  distillation_loss_bf16.cu
  distillation_loss_f16.cu
  distillation_loss_f32.cu
  distillation_tangent.cu
  distillation_tangent_bf16.cu
  distillation_tangent_f16.cu
  distillation_tangent_f32.cu
  elementwise.cu
  ensemble_mean.cu
  linear_distillation.cu
  optimizer.cu
  pooling.cu
  smoothed_relu_sum.cu
  softmax.cu
  sparse_distillation_loss.cu
  top_k.cu)
list(TRANSFORM retort_cuda_kernels PREPEND ${CMAKE_CURRENT_LIST_DIR}/)

# Compiled for the host: checks, which retort has too, and what is called.
set(retort_cuda_host_sources
  library.cpp
  matrix_product.cpp
  ../arc4random.cpp
  ../batch_norm_arguments.cpp
  ../distillation_arguments.cpp
  ../distillation_tangent_arguments.cpp
  ../elementwise_arguments.cpp
  ../ensemble_mean_arguments.cpp
  ../errors.cpp
  ../linear_distillation_arguments.cpp
  ../members.cpp
  ../optimizer_arguments.cpp
  ../pooling_arguments.cpp
  ../smoothed_relu_sum_arguments.cpp
  ../softmax_arguments.cpp
  ../sparse_distillation_arguments.cpp
  ../sparse_teacher_arguments.cpp
  ../top_k_arguments.cpp)
list(TRANSFORM retort_cuda_host_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
