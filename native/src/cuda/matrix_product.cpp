// cuBLAS counts columns first: what it takes for c is our c transposed, op(b)^T op(a)^T.
#include "cuda/matrix_product.h"

namespace retort::cuda {
namespace {

// Of cublas_api.h and library_types.h, which are not needed for more than these.
constexpr int kDefaultAlgorithm = -1;
constexpr int kComputeF32 = 68, kComputeTf32 = 77;

int type_of(retort_dtype dtype) {
  switch (dtype) {
    case RETORT_F16:
      return 2;
    case RETORT_BF16:
      return 14;
    default:
      return 0;
  }
}

}  // namespace

retort_status multiply(const MatrixProduct& p, const retort_cublas& cublas) {
  if (p.m == 0 || p.n == 0) return RETORT_OK;
  const float beta = p.accumulate ? 1 : 0;
  const bool rounds = cublas.allow_tf32 != 0 && p.factors == RETORT_F32;
  const auto size = [](int64_t value) { return static_cast<int>(value); };
  const int status = cublas.gemm_ex(
      cublas.handle, p.transpose_b, p.transpose_a, size(p.n), size(p.m), size(p.k), &p.scale, p.b,
      type_of(p.factors), size(p.b_stride), p.a, type_of(p.factors), size(p.a_stride), &beta, p.c,
      type_of(p.result), size(p.c_stride), rounds ? kComputeTf32 : kComputeF32, kDefaultAlgorithm);
  if (status == 0) return RETORT_OK;
  return fail(RETORT_DEVICE_ERROR,
              "cublasGemmEx refused a product of [%lld, %lld] and [%lld, %lld]: status %d",
              static_cast<long long>(p.m), static_cast<long long>(p.k), static_cast<long long>(p.k),
              static_cast<long long>(p.n), status);
}

}  // namespace retort::cuda
