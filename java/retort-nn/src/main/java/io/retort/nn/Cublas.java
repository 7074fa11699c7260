package io.retort.nn;

import static org.bytedeco.cuda.global.cublas.CUBLAS_COMPUTE_32F;
import static org.bytedeco.cuda.global.cublas.CUBLAS_COMPUTE_32F_FAST_TF32;
import static org.bytedeco.cuda.global.cublas.CUBLAS_DEFAULT_MATH;
import static org.bytedeco.cuda.global.cublas.CUBLAS_GEMM_DEFAULT;
import static org.bytedeco.cuda.global.cublas.CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION;
import static org.bytedeco.cuda.global.cublas.CUBLAS_OP_N;
import static org.bytedeco.cuda.global.cublas.CUBLAS_OP_T;
import static org.bytedeco.cuda.global.cublas.cublasCreate_v2;
import static org.bytedeco.cuda.global.cublas.cublasDestroy_v2;
import static org.bytedeco.cuda.global.cublas.cublasGemmEx_64;
import static org.bytedeco.cuda.global.cublas.cublasGetVersion_v2;
import static org.bytedeco.cuda.global.cublas.cublasSetMathMode;
import static org.bytedeco.cuda.global.cublas.cublasSetStream_v2;
import static org.bytedeco.cuda.global.cudart.CUDA_R_16BF;
import static org.bytedeco.cuda.global.cudart.CUDA_R_32F;

import io.retort.kernels.DType;
import io.retort.kernels.LentCublas;
import io.retort.kernels.RetortException;
import org.bytedeco.cuda.cublas.cublasContext;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * Matrix products by cuBLAS, of f32, which may be rounded to TF32, and of bf16. The handle is the
 * stream's own: one that several streams shared at the same time would not always give the same
 * bits.
 */
final class Cublas implements AutoCloseable {
  private final cublasContext handle = new cublasContext();
  private final boolean tf32;
  private final LentCublas lent;
  private final FloatPointer zero = new FloatPointer(1).put(0);
  private final FloatPointer one = new FloatPointer(1).put(1);

  Cublas(CUstream_st stream, boolean tf32) {
    this.tf32 = tf32;
    CudaStatus.cublas("cublasCreate", cublasCreate_v2(handle));
    CudaStatus.cublas("cublasSetStream", cublasSetStream_v2(handle, stream));
    // Sums of half precision stay in f32 where a product is cut along them.
    int mode = CUBLAS_DEFAULT_MATH | CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION;
    CudaStatus.cublas("cublasSetMathMode", cublasSetMathMode(handle, mode));
    lent = new LentCublas(handle, gemmEx(), tf32);
  }

  /** The library is loaded by then, but not where addresses are looked for. */
  private static Pointer gemmEx() {
    Loader.loadGlobal("libcublas.so.13");
    Pointer function = Loader.addressof("cublasGemmEx");
    if (function == null || function.isNull()) {
      throw new RetortException("cuBLAS has no function cublasGemmEx");
    }
    return function;
  }

  /** For linear distillation, which multiplies by itself. */
  LentCublas lent() {
    return lent;
  }

  /** Major, minor and patch, such as 130100. */
  int version() {
    int[] version = new int[1];
    CudaStatus.cublas("cublasGetVersion", cublasGetVersion_v2(handle, version));
    return version[0];
  }

  /**
   * As {@link CudaLibraries#matrixProduct}. cuBLAS knows columns first: a row-major matrix is to it
   * the transposed one, so it is asked for {@code c' = op(b)' * op(a)'}.
   */
  void product(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      DType factors,
      Pointer a,
      Pointer b,
      boolean accumulate,
      FloatPointer c) {
    int type = factors == DType.BF16 ? CUDA_R_16BF : CUDA_R_32F;
    CudaStatus.cublas(
        "cublasGemmEx",
        cublasGemmEx_64(
            handle,
            transposeB ? CUBLAS_OP_T : CUBLAS_OP_N,
            transposeA ? CUBLAS_OP_T : CUBLAS_OP_N,
            n,
            m,
            k,
            one,
            b,
            type,
            transposeB ? k : n,
            a,
            type,
            transposeA ? m : k,
            accumulate ? one : zero,
            c,
            CUDA_R_32F,
            n,
            tf32 && factors == DType.F32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F,
            CUBLAS_GEMM_DEFAULT));
  }

  @Override
  public void close() {
    lent.close();
    CudaStatus.cublas("cublasDestroy", cublasDestroy_v2(handle));
    zero.close();
    one.close();
  }
}
