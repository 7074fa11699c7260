package io.retort.nn;

import java.util.Locale;

/**
 * What the matrix products and convolutions of a {@link Device} multiply. They add up in f32 in any
 * case, and everything else is f32: tensors, and so weights, their gradients, what an optimiser
 * keeps and activations; batch normalisation; losses. Linear distillation multiplies in f32, but
 * where this is {@link #TF32} in that.
 */
public enum Precision {
  /** f32. */
  F32,
  /**
   * f32 whose mantissas a GPU cuts to 10 bits as it multiplies, at the speed of its tensor cores.
   */
  TF32,
  /**
   * bf16: a GPU rounds both factors to 8 bits of mantissa before it multiplies, and what a
   * convolution gives, which comes back in f32. Where cuDNN has no convolution of a shape in bf16,
   * that one stays in f32.
   */
  BF16;

  /**
   * The precision with the name {@code f32}, {@code tf32} or {@code bf16}.
   *
   * @throws IllegalArgumentException for any other name
   */
  public static Precision parse(String name) {
    for (Precision precision : values()) {
      if (precision.toString().equals(name)) {
        return precision;
      }
    }
    throw new IllegalArgumentException("precision must be f32, tf32 or bf16, got " + name);
  }

  /**
   * Checks that a device has this precision.
   *
   * @throws IllegalArgumentException if it is the CPU and this is not f32
   */
  public void requireOn(DeviceKind kind) {
    if (this != F32 && kind.resolve() == DeviceKind.CPU) {
      throw new IllegalArgumentException(
          "precision must be f32 on the CPU, got " + this + ", which takes a GPU");
    }
  }

  /** The name that {@link #parse} reads. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
