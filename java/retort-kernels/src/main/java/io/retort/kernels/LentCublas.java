package io.retort.kernels;

import io.retort.kernels.binding.cuda.CublasStruct;
import org.bytedeco.javacpp.Pointer;

/**
 * A cuBLAS that {@link CudaDistillation#linearDistillation} is lent: a handle and the function that
 * multiplies with it. The caller owns both, and sets the handle to the stream that calls name.
 */
public final class LentCublas implements AutoCloseable {
  private final CublasStruct struct;

  /**
   * Lends a cuBLAS; nothing is called yet.
   *
   * @param handle a {@code cublasHandle_t} of the device
   * @param gemmEx the address of {@code cublasGemmEx}. An address of anything else ends the JVM
   * @param allowTf32 whether factors in f32 may be rounded to TF32, which has 10 bits of mantissa
   * @throws IllegalArgumentException for a null pointer
   * @throws RetortException as {@link CudaLibrary#load}
   */
  public LentCublas(Pointer handle, Pointer gemmEx, boolean allowTf32) {
    Arguments.notNullPointer("handle", handle);
    Arguments.notNullPointer("gemmEx", gemmEx);
    CudaLibrary.load();
    struct = new CublasStruct().handle(handle).gemm_ex(gemmEx).allow_tf32(allowTf32 ? 1 : 0);
  }

  /** What calls are told of it; a null pointer once this is closed, which the call refuses. */
  CublasStruct struct() {
    return struct;
  }

  /** Frees what calls are told of it; the handle stays the caller's. Closing twice is no error. */
  @Override
  public void close() {
    struct.close();
  }
}
