package io.retort.kernels;

import io.retort.kernels.binding.cuda.OverlapStruct;
import org.bytedeco.javacpp.Pointer;

/**
 * A second stream that {@link CudaDistillation#linearDistillation} is lent: while the loss and the
 * gradients of one chunk of rows run on the call's stream, the products that make the logits of the
 * next chunk run on this one. It changes no bit of a result.
 *
 * <p>The caller owns all of it, and may use it for any number of calls, one at a time. When the
 * call's stream has passed a call, so has this one, also where the call failed.
 */
public final class CudaOverlap implements AutoCloseable {
  private final LentCublas cublas;
  private final OverlapStruct struct;

  /**
   * Lends a second stream; nothing is called yet.
   *
   * @param stream a {@code cudaStream_t} of the device, another than that of the calls
   * @param cublas with a handle of its own, set to {@code stream}
   * @param productsEvent a {@code cudaEvent_t}, which marks that the logits of a chunk are there
   * @param matricesEvent another one, which marks that those of the chunk before it are not needed
   *     any more
   * @throws IllegalArgumentException for null and for a null pointer
   * @throws RetortException as {@link CudaLibrary#load}
   */
  public CudaOverlap(
      Pointer stream, LentCublas cublas, Pointer productsEvent, Pointer matricesEvent) {
    Arguments.notNullPointer("stream", stream);
    this.cublas = Arguments.notNull("cublas", cublas);
    Arguments.notNullPointer("productsEvent", productsEvent);
    Arguments.notNullPointer("matricesEvent", matricesEvent);
    CudaLibrary.load();
    struct =
        new OverlapStruct()
            .stream(stream).products_event(productsEvent).matrices_event(matricesEvent);
  }

  /**
   * Of the struct, for a call, which refuses a cuBLAS that is closed.
   *
   * @throws IllegalStateException if this is closed
   */
  long address() {
    if (struct.isNull()) {
      throw new IllegalStateException("the overlap is closed");
    }
    return struct.cublas(cublas.struct()).address();
  }

  /** Frees what calls are told of it; all else stays the caller's. Closing twice is no error. */
  @Override
  public void close() {
    struct.close();
  }
}
