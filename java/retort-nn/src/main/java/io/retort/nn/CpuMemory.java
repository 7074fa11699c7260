package io.retort.nn;

import io.retort.kernels.RetortException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Native memory in blocks of 4-byte elements, which start at a cache line and are zero at first.
 * The garbage collector neither frees nor counts them, so this class does the counting.
 */
final class CpuMemory {
  private static final int ELEMENT_BYTES = 4;
  private static final int CACHE_LINE = 64 / ELEMENT_BYTES;

  private final Set<Block> blocks = new LinkedHashSet<>();
  private long bytes;

  /** A new block, which {@code what} describes in messages. */
  Block allocate(long elements, String what) {
    Block block = new Block(elements, what);
    blocks.add(block);
    bytes += block.bytes();
    return block;
  }

  int openBlocks() {
    return blocks.size();
  }

  long openBytes() {
    return bytes;
  }

  /** Frees every block that is still open. */
  void freeAll() {
    List.copyOf(blocks).forEach(Block::free);
  }

  /** Says what is still open. */
  @Override
  public String toString() {
    return blocks.size()
        + " of "
        + bytes
        + " bytes, the first "
        + blocks.stream().findFirst().map(block -> block.what).orElse("none");
  }

  /** A piece of memory that is open until it is freed. */
  final class Block {
    private final long elements;
    private final String what;
    private final Pointer memory;
    private final long start;
    private boolean open = true;

    private Block(long elements, String what) {
      this.elements = elements;
      this.what = what;
      memory =
          elements < Long.MAX_VALUE / ELEMENT_BYTES - CACHE_LINE
              ? Pointer.calloc(elements + CACHE_LINE, ELEMENT_BYTES)
              : null;
      if (memory == null || memory.isNull()) {
        throw new RetortException("out of memory: cannot allocate " + what);
      }
      // calloc aligns to 16 bytes, so whole elements lead to the next cache line.
      start = Math.floorMod(-memory.address() / ELEMENT_BYTES, (long) CACHE_LINE);
    }

    private long bytes() {
      return elements * ELEMENT_BYTES;
    }

    boolean isOpen() {
      return open;
    }

    /** Elements as floats, at position 0, where Pointer.memcpy expects them. */
    FloatPointer floats(long offset, long size) {
      return new FloatPointer(memory).getPointer(start + offset).capacity(size);
    }

    /** Elements as integers, at position 0. */
    IntPointer integers(long offset, long size) {
      return new IntPointer(memory).getPointer(start + offset).capacity(size);
    }

    /** Frees the memory. Twice is no error. */
    void free() {
      if (open) {
        open = false;
        blocks.remove(this);
        bytes -= bytes();
        Pointer.free(memory);
      }
    }
  }
}
