package io.retort.kernels;

/** The caller's memory that a matrix or labels lie in, lent to one call after another. */
abstract class Memory {
  /** Number of elements. */
  final long size;

  Memory(long size) {
    this.size = size;
  }

  /** Lends the memory to a call that reads it; null where it has been freed. */
  abstract Loan lend();

  /** Lends the memory to a call that may write it; null where it has been freed. */
  Loan lendWritable() {
    return lend();
  }

  /** Whether it has one address for as long as it lives, so that lending it allocates nothing. */
  abstract boolean isNative();

  /** Whether no call may write it. */
  boolean isReadOnly() {
    return false;
  }

  static IllegalArgumentException freed(String name) {
    return new IllegalArgumentException(name + " must not be a null or freed pointer");
  }
}
