package io.retort.nn;

import static org.bytedeco.cuda.global.cudart.cudaEventCreateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaEventDestroy;
import static org.bytedeco.cuda.global.cudart.cudaEventDisableTiming;
import static org.bytedeco.cuda.global.cudart.cudaStreamCreateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaStreamDestroy;
import static org.bytedeco.cuda.global.cudart.cudaStreamNonBlocking;

import io.retort.kernels.CudaOverlap;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;

/**
 * A stream beside that of a device, with a cuBLAS and the two events by which linear distillation
 * keeps the streams in order. Nobody else gives it work.
 */
final class SecondStream implements AutoCloseable {
  private final CUstream_st stream = new CUstream_st();
  private final CUevent_st products = new CUevent_st();
  private final CUevent_st matrices = new CUevent_st();
  private final Cublas cublas;
  private final CudaOverlap lent;

  /**
   * Takes the stream, the events and a cuBLAS from the current device.
   *
   * @param tf32 whether what is f32 may be multiplied as TF32
   */
  SecondStream(boolean tf32) {
    CudaStatus.runtime(
        "cudaStreamCreate", cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking));
    create(products);
    create(matrices);
    cublas = new Cublas(stream, tf32);
    lent = new CudaOverlap(stream, cublas.lent(), products, matrices);
  }

  private static void create(CUevent_st event) {
    CudaStatus.runtime("cudaEventCreate", cudaEventCreateWithFlags(event, cudaEventDisableTiming));
  }

  /** For linear distillation, one call at a time. */
  CudaOverlap lent() {
    return lent;
  }

  /** Frees all of it, once the device's own stream has passed the calls that used it. */
  @Override
  public void close() {
    lent.close();
    cublas.close();
    CudaStatus.runtime("cudaEventDestroy", cudaEventDestroy(products));
    CudaStatus.runtime("cudaEventDestroy", cudaEventDestroy(matrices));
    CudaStatus.runtime("cudaStreamDestroy", cudaStreamDestroy(stream));
  }
}
