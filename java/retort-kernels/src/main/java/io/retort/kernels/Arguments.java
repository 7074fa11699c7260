package io.retort.kernels;

import org.bytedeco.javacpp.Pointer;

/** Checks whose exceptions name the argument and its value. */
final class Arguments {
  private Arguments() {}

  static <T> T notNull(String name, T value) {
    if (value == null) {
      throw new IllegalArgumentException(name + " must not be null");
    }
    return value;
  }

  static void notNullPointer(String name, Pointer pointer) {
    if (notNull(name, pointer).isNull()) {
      throw new IllegalArgumentException(name + " must not be a null pointer");
    }
  }

  static void atLeast(String name, long value, long least) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", got " + value);
    }
  }

  static IllegalArgumentException wrongShape(
      String name, long rows, long columns, long gotRows, long gotColumns) {
    return new IllegalArgumentException(
        name + " must be " + rows + " x " + columns + ", got " + gotRows + " x " + gotColumns);
  }

  /** The matrices of one call share a type; fails where one differs from another. */
  static void sameType(String name, DType dtype, DType expected, String expectedName) {
    if (dtype != expected) {
      throw new IllegalArgumentException(
          name + " must be " + expected + " as " + expectedName + " is, got " + dtype);
    }
  }
}
