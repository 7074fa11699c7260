package io.retort.kernels;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;

/** An array, which is copied for each call, and back where the call may have written it. */
final class ArrayMemory extends Memory {
  private final Object array;

  ArrayMemory(float[] array) {
    super(array.length);
    this.array = array;
  }

  ArrayMemory(short[] array) {
    super(array.length);
    this.array = array;
  }

  ArrayMemory(int[] array) {
    super(array.length);
    this.array = array;
  }

  ArrayMemory(long[] array) {
    super(array.length);
    this.array = array;
  }

  @Override
  Loan lend() {
    return new Copy(array, false);
  }

  @Override
  Loan lendWritable() {
    return new Copy(array, true);
  }

  @Override
  boolean isNative() {
    return false;
  }

  private static final class Copy implements Loan {
    private final Object array;
    private final boolean written;
    private final Pointer pointer;

    Copy(Object array, boolean written) {
      this.array = array;
      this.written = written;
      this.pointer = copyOf(array);
    }

    private static Pointer copyOf(Object array) {
      if (array instanceof float[] floats) {
        return new FloatPointer(Math.max(1, floats.length)).put(floats, 0, floats.length);
      }
      if (array instanceof short[] shorts) {
        return new ShortPointer(Math.max(1, shorts.length)).put(shorts, 0, shorts.length);
      }
      if (array instanceof int[] ints) {
        return new IntPointer(Math.max(1, ints.length)).put(ints, 0, ints.length);
      }
      long[] longs = (long[]) array;
      return new LongPointer(Math.max(1, longs.length)).put(longs, 0, longs.length);
    }

    @Override
    public long address() {
      return pointer.address();
    }

    @Override
    public void close() {
      if (written && pointer instanceof FloatPointer floats) {
        floats.get((float[]) array);
      } else if (written && pointer instanceof ShortPointer shorts) {
        shorts.get((short[]) array);
      }
      pointer.deallocate();
    }
  }
}
