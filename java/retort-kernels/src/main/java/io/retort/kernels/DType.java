package io.retort.kernels;

import io.retort.kernels.binding.Retort;

/**
 * How a matrix is stored. Kernels compute in {@code float} whatever the type, and round a result
 * once, to the nearest (ties to even), when they store it.
 */
public enum DType {
  /** 32-bit floating point, Java's {@code float}. */
  F32(Retort.RETORT_F32, Float.BYTES),
  /** 16-bit floating point: IEEE 754 binary16, in the bits of a {@code short}. */
  F16(Retort.RETORT_F16, Short.BYTES),
  /** The upper half of a {@code float}, in the bits of a {@code short}. */
  BF16(Retort.RETORT_BF16, Short.BYTES);

  final int value;
  private final int bytes;

  DType(int value, int bytes) {
    this.value = value;
    this.bytes = bytes;
  }

  /** Bytes an element takes. */
  public int bytes() {
    return bytes;
  }
}
