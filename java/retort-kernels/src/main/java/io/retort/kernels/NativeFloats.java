package io.retort.kernels;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** An option of one number a member, copied to native memory once; nothing and 0 for none. */
final class NativeFloats {
  final long address;
  private final FloatBuffer buffer;

  NativeFloats(float[] values) {
    buffer =
        values == null ? null : DirectMemory.allocate(values.length * Float.BYTES).asFloatBuffer();
    if (buffer != null) {
      buffer.put(0, values);
    }
    address = values == null ? 0 : DirectMemory.address(buffer);
  }

  /** For a field of an options struct, which keeps the address alone. */
  FloatPointer pointer() {
    return buffer == null ? null : new FloatPointer(new Pointer(buffer));
  }

  /**
   * Fails unless there are none or as many as the argument {@code name} has members; {@code value}
   * says what they are.
   */
  void checkNumber(String name, String value, int members) {
    if (buffer != null && buffer.capacity() != members) {
      throw new IllegalArgumentException(
          name + " must number " + buffer.capacity() + ", one a " + value + ", got " + members);
    }
  }
}
