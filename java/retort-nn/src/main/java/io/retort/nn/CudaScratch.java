package io.retort.nn;

import io.retort.kernels.RetortException;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Memory of a GPU that operations take turns with. It grows to the largest that was asked for, and
 * stays.
 */
final class CudaScratch implements AutoCloseable {
  private final CudaMemory device;
  private Pointer memory;
  private long size;

  CudaScratch(CudaMemory device) {
    this.device = device;
  }

  /** At least so many floats; may be null for none. */
  FloatPointer floats(long count) {
    Pointer bytes = bytes(Math.multiplyExact(count, (long) Float.BYTES));
    return bytes == null ? null : new FloatPointer(bytes);
  }

  /** At least so many bytes; may be null for none. */
  Pointer bytes(long count) {
    if (count > size) {
      close();
      memory = device.allocateBytes(count);
      if (memory == null) {
        throw new RetortException(
            "out of memory: cannot allocate a workspace of " + count + " bytes");
      }
      size = count;
    }
    return memory;
  }

  @Override
  public void close() {
    if (memory != null) {
      device.freeBytes(memory);
      memory = null;
      size = 0;
    }
  }
}
