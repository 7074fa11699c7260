package io.retort.nn;

import io.retort.kernels.Totals;
import io.retort.kernels.binding.DistillationTotals;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** Where a GPU writes the totals of a loss, and the pinned memory that they come back through. */
final class CudaTotals implements AutoCloseable {
  private static final int BYTES = new DistillationTotals((Pointer) null).sizeof();

  private final CudaLibraries cuda;
  private final CudaScratch onDevice;
  private final FloatPointer onHost;
  private final DistillationTotals values;

  CudaTotals(CudaLibraries cuda, CudaMemory memory) {
    this.cuda = cuda;
    onDevice = new CudaScratch(memory);
    onHost = cuda.allocatePinned(BYTES / Float.BYTES);
    values = new DistillationTotals(onHost);
  }

  /** For the operation that computes them. */
  Pointer onDevice() {
    return onDevice.bytes(BYTES);
  }

  /** Waits for the operation, and returns what it wrote. */
  Totals download() {
    cuda.copy(onDevice(), onHost, BYTES);
    cuda.synchronize();
    return new Totals(
        values.total(), values.hard(), values.soft(), values.denominator(), values.counted_rows());
  }

  @Override
  public void close() {
    onDevice.close();
    cuda.freePinned(onHost);
  }
}
