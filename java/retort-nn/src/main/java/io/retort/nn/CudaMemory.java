package io.retort.nn;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * The memory of a GPU. What is freed is kept and given out again for the same size: all work is in
 * one stream, so nothing that still uses it can come after what the new owner does.
 *
 * <p>Transfers go through two pieces of pinned memory in turn: while the GPU copies from one, the
 * host fills the other.
 */
final class CudaMemory implements DeviceMemory, AutoCloseable {
  private static final int ALIGNMENT = 256;

  /** A MiB: long enough a copy that starting it costs little, and little to fill ahead of it. */
  private static final int STAGE_ELEMENTS = 1 << 18;

  private final CudaLibraries cuda;
  private final Map<Long, Deque<Pointer>> freed = new HashMap<>();
  private final FloatPointer[] stages = new FloatPointer[CudaLibraries.MARKS];
  private int turn;

  CudaMemory(CudaLibraries cuda) {
    this.cuda = cuda;
    for (int i = 0; i < stages.length; i++) {
      stages[i] = cuda.allocatePinned(STAGE_ELEMENTS);
    }
  }

  // ---- the pool ---------------------------------------------------------------------------------

  @Override
  public Allocation allocate(long elements) {
    if (elements > (Long.MAX_VALUE - ALIGNMENT) / Float.BYTES) {
      return null;
    }
    long bytes = roundUp(Math.max(1, elements) * Float.BYTES);
    Pointer memory = take(bytes);
    if (memory == null) {
      return null;
    }
    cuda.fill(memory, 0, bytes / Float.BYTES);
    return new Pooled(bytes, memory, new FloatPointer(memory));
  }

  private static long roundUp(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private Pointer take(long bytes) {
    Deque<Pointer> same = freed.get(bytes);
    if (same != null && !same.isEmpty()) {
      return same.pop();
    }
    return allocateBytes(bytes);
  }

  /** Memory for what is no tensor, or null where there is not enough even once nothing is kept. */
  Pointer allocateBytes(long bytes) {
    Pointer memory = cuda.allocate(bytes);
    if (memory == null && !freed.isEmpty()) {
      releaseFreed();
      memory = cuda.allocate(bytes);
    }
    return memory;
  }

  /** Frees what {@link #allocateBytes} gave. */
  void freeBytes(Pointer memory) {
    cuda.free(memory);
  }

  private void releaseFreed() {
    cuda.synchronize();
    freed.values().forEach(same -> same.forEach(cuda::free));
    freed.clear();
  }

  private final class Pooled implements Allocation {
    private final long bytes;
    private final Pointer memory;
    private final FloatPointer floats;

    Pooled(long bytes, Pointer memory, FloatPointer floats) {
      this.bytes = bytes;
      this.memory = memory;
      this.floats = floats;
    }

    @Override
    public FloatPointer floats() {
      return floats;
    }

    @Override
    public void free() {
      freed.computeIfAbsent(bytes, size -> new ArrayDeque<>()).push(memory);
    }
  }

  // ---- transfers --------------------------------------------------------------------------------

  /** Copies a part of a transfer between pinned memory and where it comes from or goes to. */
  private interface Part {
    void copy(FloatPointer stage, int offset, int elements);
  }

  @Override
  public void upload(float[] values, FloatPointer target) {
    upload(target, values.length, (stage, offset, elements) -> stage.put(values, offset, elements));
  }

  @Override
  public void upload(FloatPointer values, FloatPointer target, long elements) {
    for (long start = 0; start < elements; start += STAGE_ELEMENTS) {
      FloatPointer source = values.getPointer(start);
      int size = (int) Math.min(STAGE_ELEMENTS, elements - start);
      upload(
          target.getPointer(start),
          size,
          (stage, offset, part) -> Pointer.memcpy(stage, source, (long) part * Float.BYTES));
    }
  }

  @Override
  public void upload(int[] values, int elements, IntPointer target) {
    upload(
        new FloatPointer(target),
        elements,
        (stage, offset, part) -> new IntPointer(stage).put(values, offset, part));
  }

  private void upload(FloatPointer target, int elements, Part fill) {
    for (long start = 0; start < elements; start += STAGE_ELEMENTS) {
      int offset = (int) start;
      int part = Math.min(STAGE_ELEMENTS, elements - offset);
      cuda.await(turn);
      fill.copy(stages[turn], offset, part);
      cuda.copy(stages[turn], target.getPointer(offset), (long) part * Float.BYTES);
      cuda.mark(turn);
      turn = (turn + 1) % stages.length;
    }
  }

  @Override
  public void download(FloatPointer source, float[] into) {
    download(source, into.length, (stage, offset, elements) -> stage.get(into, offset, elements));
  }

  @Override
  public void download(IntPointer source, int[] into) {
    download(
        new FloatPointer(source),
        into.length,
        (stage, offset, part) -> new IntPointer(stage).get(into, offset, part));
  }

  /** The stream orders these copies behind the uploads from the same pinned memory. */
  private void download(FloatPointer source, int elements, Part empty) {
    for (long start = 0; start < elements; start += STAGE_ELEMENTS) {
      int offset = (int) start;
      int part = Math.min(STAGE_ELEMENTS, elements - offset);
      cuda.copy(source.getPointer(offset), stages[turn], (long) part * Float.BYTES);
      cuda.synchronize();
      empty.copy(stages[turn], offset, part);
    }
  }

  @Override
  public void copy(FloatPointer source, FloatPointer target, long elements) {
    if (elements > 0) {
      cuda.copy(source, target, elements * Float.BYTES);
    }
  }

  @Override
  public void fill(FloatPointer target, long elements, float value) {
    if (elements > 0) {
      cuda.fill(target, Float.floatToRawIntBits(value), elements);
    }
  }

  /** Gives everything that was freed back to the device. */
  @Override
  public void close() {
    releaseFreed();
    for (FloatPointer stage : stages) {
      cuda.freePinned(stage);
    }
  }
}
