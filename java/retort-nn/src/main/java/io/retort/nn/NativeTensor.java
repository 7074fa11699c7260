package io.retort.nn;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;

/** A tensor in the memory of a {@link NativeDevice}, whose lock guards the memory's being open. */
final class NativeTensor extends Tensor {
  private final NativeDevice device;
  private final TensorMemory.Block block;
  private final long offset;
  private final boolean isView;
  private final FloatPointer pointer;
  private boolean closed;

  private NativeTensor(
      NativeDevice device, TensorMemory.Block block, long offset, boolean isView, long[] shape) {
    super(device, shape);
    this.device = device;
    this.block = block;
    this.offset = offset;
    this.isView = isView;
    this.pointer = block.floats(offset, size());
  }

  /** A tensor that owns {@code block}. */
  static NativeTensor owning(NativeDevice device, TensorMemory.Block block, long[] shape) {
    return new NativeTensor(device, block, 0, false, shape);
  }

  /** The memory, for use under the device's lock; {@code name} is this tensor's in messages. */
  FloatPointer pointer(String name) {
    if (closed || !block.isOpen()) {
      throw new IllegalStateException(name + " " + this + " is closed");
    }
    return pointer;
  }

  @Override
  public void upload(float[] values) {
    checkLength("values", values);
    synchronized (device) {
      device.memory().upload(values, pointer("tensor"));
    }
  }

  @Override
  public void upload(FloatBuffer values, long elements) {
    Arguments.notNull("values", values);
    if (!values.isDirect() || values.order() != ByteOrder.nativeOrder()) {
      throw new IllegalArgumentException(
          "values must be a direct buffer in native byte order, got " + values);
    }
    if (elements < 0 || elements > Math.min(size(), values.remaining())) {
      throw new IllegalArgumentException(
          "elements must be 0 to the tensor's "
              + size()
              + " and the buffer's "
              + values.remaining()
              + ", got "
              + elements);
    }
    // JavaCPP 1.5.13 mistakes the address of a buffer whose position is not 0.
    FloatPointer source =
        new FloatPointer(values.duplicate().rewind()).getPointer(values.position());
    synchronized (device) {
      device.memory().upload(source, pointer("tensor"), elements);
    }
  }

  @Override
  public void download(float[] into) {
    checkLength("into", into);
    synchronized (device) {
      device.memory().download(pointer("tensor"), into);
    }
  }

  private void checkLength(String name, float[] array) {
    if (Arguments.notNull(name, array).length != size()) {
      throw new IllegalArgumentException(
          name + " must have " + size() + " elements, got " + array.length);
    }
  }

  @Override
  public Tensor view(long offset, long... shape) {
    long elements = Arguments.elements("shape", shape);
    if (offset < 0 || offset > size() - elements) {
      throw new IllegalArgumentException(
          "offset must be 0 to "
              + (size() - elements)
              + " for a view of "
              + elements
              + " elements of "
              + this
              + ", got "
              + offset);
    }
    synchronized (device) {
      pointer("tensor");
      return new NativeTensor(device, block, this.offset + offset, true, shape);
    }
  }

  @Override
  public void copyFrom(Tensor other) {
    synchronized (device) {
      FloatPointer source = device.floats("other", other, size());
      device.memory().copy(source, pointer("tensor"), size());
    }
  }

  @Override
  public void fill(float value) {
    synchronized (device) {
      device.memory().fill(pointer("tensor"), size(), value);
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
