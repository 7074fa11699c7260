package io.retort.kernels;

import java.lang.ref.Reference;
import java.nio.Buffer;
import java.nio.ByteOrder;

/** A direct buffer in native byte order, from its position at the time to its limit. */
final class BufferMemory extends Memory implements Loan {
  private final Buffer buffer;
  private final long address;

  /** Fails for a buffer of another kind; {@code name} is the argument's in messages. */
  BufferMemory(String name, Buffer buffer, ByteOrder order, int elementBytes) {
    super(buffer.remaining());
    if (!buffer.isDirect()) {
      throw new IllegalArgumentException(
          name + " must be a direct buffer; pass an array itself instead");
    }
    if (order != ByteOrder.nativeOrder()) {
      throw new IllegalArgumentException(name + " must be in native byte order, got " + order);
    }
    this.buffer = buffer;
    this.address = DirectMemory.address(buffer) + (long) buffer.position() * elementBytes;
  }

  @Override
  Loan lend() {
    return this;
  }

  @Override
  boolean isNative() {
    return true;
  }

  @Override
  boolean isReadOnly() {
    return buffer.isReadOnly();
  }

  @Override
  public long address() {
    return address;
  }

  /** The garbage collector frees the buffer, but not before here. */
  @Override
  @SuppressWarnings("ReachabilityFenceUsage") // what calls this is a finally block
  public void close() {
    Reference.reachabilityFence(buffer);
  }
}
