package io.retort.nn;

import org.bytedeco.javacpp.IntPointer;

/** Integers in the memory of a {@link NativeDevice}, whose lock guards the memory's being open. */
final class NativeIntTensor extends IntTensor {
  private final NativeDevice device;
  private final TensorMemory.Block block;
  private final long offset;
  private final boolean isView;
  private final IntPointer pointer;
  private boolean closed;

  private NativeIntTensor(
      NativeDevice device, TensorMemory.Block block, long offset, boolean isView, long size) {
    super(device, size);
    this.device = device;
    this.block = block;
    this.offset = offset;
    this.isView = isView;
    this.pointer = block.integers(offset, size);
  }

  /** A vector that owns {@code block}. */
  static NativeIntTensor owning(NativeDevice device, TensorMemory.Block block, long size) {
    return new NativeIntTensor(device, block, 0, false, size);
  }

  /** The memory, for use under the device's lock; {@code name} is this vector's in messages. */
  IntPointer pointer(String name) {
    if (closed || !block.isOpen()) {
      throw new IllegalStateException(name + " [" + size() + "] is closed");
    }
    return pointer;
  }

  @Override
  public void upload(int[] values, int elements) {
    Arguments.notNull("values", values);
    if (elements < 0 || elements > Math.min(size(), values.length)) {
      throw new IllegalArgumentException(
          "elements must be 0 to the tensor's "
              + size()
              + " and the array's "
              + values.length
              + ", got "
              + elements);
    }
    synchronized (device) {
      device.memory().upload(values, elements, pointer("tensor"));
    }
  }

  @Override
  public int[] download() {
    int[] values = new int[Math.toIntExact(size())];
    synchronized (device) {
      device.memory().download(pointer("tensor"), values);
    }
    return values;
  }

  @Override
  public IntTensor view(long offset, long size) {
    Arguments.atLeast("size", size, 0);
    if (offset < 0 || offset > size() - size) {
      throw new IllegalArgumentException(
          "offset must be 0 to "
              + (size() - size)
              + " for a view of "
              + size
              + " elements of "
              + size()
              + ", got "
              + offset);
    }
    synchronized (device) {
      pointer("tensor");
      return new NativeIntTensor(device, block, this.offset + offset, true, size);
    }
  }

  @Override
  public void close() {
    synchronized (device) {
      closed = true;
      if (!isView) {
        block.free();
      }
    }
  }
}
