package io.retort.nn;

import io.retort.kernels.RetortException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;

/** The memory of a device's tensors in blocks, of which it keeps count. */
final class TensorMemory {
  private final DeviceMemory memory;
  private final Set<Block> blocks = new LinkedHashSet<>();
  private long bytes;

  TensorMemory(DeviceMemory memory) {
    this.memory = memory;
  }

  /** A new block of zeros, which {@code what} describes in messages. */
  Block allocate(long elements, String what) {
    DeviceMemory.Allocation allocation = memory.allocate(elements);
    if (allocation == null) {
      throw new RetortException("out of memory: cannot allocate " + what);
    }
    Block block = new Block(elements, what, allocation);
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
    private final DeviceMemory.Allocation allocation;
    private boolean open = true;

    private Block(long elements, String what, DeviceMemory.Allocation allocation) {
      this.elements = elements;
      this.what = what;
      this.allocation = allocation;
    }

    private long bytes() {
      return elements * Float.BYTES;
    }

    boolean isOpen() {
      return open;
    }

    /** Elements as floats, at position 0, where Pointer.memcpy expects them. */
    FloatPointer floats(long offset, long size) {
      return allocation.floats().getPointer(offset).capacity(size);
    }

    /** Elements as integers, at position 0. */
    IntPointer integers(long offset, long size) {
      return new IntPointer(allocation.floats()).getPointer(offset).capacity(size);
    }

    /** Frees the memory. Twice is no error. */
    void free() {
      if (open) {
        open = false;
        blocks.remove(this);
        bytes -= bytes();
        allocation.free();
      }
    }
  }
}
