package io.retort.kernels;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.Pointer;

/**
 * Native memory for the few bytes that a call needs beside its matrices. It is freed with the
 * buffer, by the garbage collector, and so never under a call that keeps the buffer reachable.
 */
final class DirectMemory {
  private DirectMemory() {}

  static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  /** Where a direct buffer begins, whatever its position. */
  static long address(Buffer buffer) {
    return new Pointer(buffer.duplicate().rewind()).address();
  }
}
