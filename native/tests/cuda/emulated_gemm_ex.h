// What stands for cublasGemmEx in the emulated library, which exports it for those who lend it to linear distillation.
#pragma once

#include "retort/retort.h"

extern "C" RETORT_API int retort_cuda_emulated_gemm_ex(void* handle, int transpose_a,
                                                       int transpose_b, int m, int n, int k,
                                                       const void* alpha, const void* a, int a_type,
                                                       int lda, const void* b, int b_type, int ldb,
                                                       const void* beta, void* c, int c_type,
                                                       int ldc, int compute_type, int algorithm);

// As cublasSetStream, for a stream of the emulation's. Without it a handle multiplies at once.
extern "C" RETORT_API void retort_cuda_emulated_set_stream(void* handle, void* stream);
