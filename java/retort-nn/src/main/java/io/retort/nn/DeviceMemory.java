package io.retort.nn;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;

/**
 * The memory of one kind of device, in elements of 4 bytes, and the ways in and out of it. A
 * pointer of the device is at position 0; only these methods and kernels follow it. What is read or
 * written on the host may be used again once a method has returned.
 */
interface DeviceMemory {
  /** Memory until it is freed. */
  interface Allocation {
    /** The first element, aligned to 64 bytes. */
    FloatPointer floats();

    void free();
  }

  /** So many zeros, or null where there is no memory for them. */
  Allocation allocate(long elements);

  void upload(float[] values, FloatPointer target);

  /** From native memory of the host. */
  void upload(FloatPointer values, FloatPointer target, long elements);

  void upload(int[] values, int elements, IntPointer target);

  void download(FloatPointer source, float[] into);

  void download(IntPointer source, int[] into);

  /** Within the device; the two do not overlap. */
  void copy(FloatPointer source, FloatPointer target, long elements);

  void fill(FloatPointer target, long elements, float value);
}
