package io.retort.kernels;

import java.lang.ref.Reference;
import org.bytedeco.javacpp.Pointer;

/**
 * What a pointer points to, from its position at the time to its limit.
 *
 * <p>JavaCPP counts the references to a pointer that frees its memory, and frees it when a release
 * leaves none; {@link Pointer#close} is a release. A loan is a reference more, so a pointer that is
 * closed during a call is freed at the end of it. That needs a first reference for the close to
 * take away, which this class adds where there is none.
 */
final class PointerMemory extends Memory implements Loan {
  private static final int NOT_COUNTED = -1;

  private final Pointer pointer;
  private final long address;
  private final boolean counted;

  /** Fails for a pointer that is freed; {@code name} is the argument's in messages. */
  PointerMemory(String name, Pointer pointer, int elementBytes) {
    super(pointer.limit() - pointer.position());
    if (pointer.isNull()) {
      throw freed(name);
    }
    this.pointer = pointer;
    this.address = pointer.address() + pointer.position() * elementBytes;
    this.counted = pointer.referenceCount() != NOT_COUNTED;
    if (pointer.referenceCount() == 0) {
      pointer.retainReference();
    }
  }

  @Override
  Loan lend() {
    if (pointer.isNull()) {
      return null;
    }
    if (counted) {
      pointer.retainReference();
      // This loan's reference alone, or none: the pointer, or the one that it is a view of, is
      // freed.
      if (pointer.referenceCount() < 2) {
        return null;
      }
    }
    return this;
  }

  @Override
  boolean isNative() {
    return true;
  }

  @Override
  public long address() {
    return address;
  }

  @Override
  public void close() {
    try {
      if (counted) {
        pointer.releaseReference();
      }
    } finally {
      Reference.reachabilityFence(pointer);
    }
  }
}
