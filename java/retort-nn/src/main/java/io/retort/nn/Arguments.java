package io.retort.nn;

import java.util.Arrays;

/** Checks whose exceptions name the argument and its value. */
final class Arguments {
  private Arguments() {}

  static <T> T notNull(String name, T value) {
    if (value == null) {
      throw new IllegalArgumentException(name + " must not be null");
    }
    return value;
  }

  static void atLeast(String name, long value, long least) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", got " + value);
    }
  }

  static void positive(String name, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + " must be finite and above 0, got " + value);
    }
  }

  static void notNegative(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + " must be finite and at least 0, got " + value);
    }
  }

  /** In [0, 1). */
  static void fraction(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(name + " must be at least 0 and below 1, got " + value);
    }
  }

  /** Elements of a tensor of this shape. */
  static long elements(String name, long... shape) {
    long elements = 1;
    for (long dimension : notNull(name, shape)) {
      if (dimension < 0) {
        throw new IllegalArgumentException(
            name + " must have no negative size, got " + Arrays.toString(shape));
      }
      try {
        elements = Math.multiplyExact(elements, dimension);
      } catch (ArithmeticException overflow) {
        throw new IllegalArgumentException(
            name + " must have less than 2^63 elements, got " + Arrays.toString(shape));
      }
    }
    return elements;
  }

  /** A tensor of rows that each have the shape {@code item}. */
  static void rows(String name, Tensor tensor, long... item) {
    long[] shape = notNull(name, tensor).shape();
    if (shape.length != item.length + 1
        || !Arrays.equals(shape, 1, shape.length, item, 0, item.length)) {
      String sizes = Arrays.toString(item);
      throw new IllegalArgumentException(
          name + " must be [rows, " + sizes.substring(1) + ", got " + Arrays.toString(shape));
    }
  }

  /** A tensor of the shape of {@code other}. */
  static void shape(String name, Tensor tensor, long... shape) {
    if (!Arrays.equals(notNull(name, tensor).shape(), shape)) {
      throw new IllegalArgumentException(
          name + " must be " + Arrays.toString(shape) + ", got " + Arrays.toString(tensor.shape()));
    }
  }
}
