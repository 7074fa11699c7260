package io.retort.nn;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;

/** The memory of the process, which the garbage collector neither frees nor counts. */
final class CpuMemory implements DeviceMemory {
  private static final int CACHE_LINE = 64 / Float.BYTES;

  @Override
  public Allocation allocate(long elements) {
    Pointer memory =
        elements < Long.MAX_VALUE / Float.BYTES - CACHE_LINE
            ? Pointer.calloc(elements + CACHE_LINE, Float.BYTES)
            : null;
    if (memory == null || memory.isNull()) {
      return null;
    }
    // calloc aligns to 16 bytes, so whole elements lead to the next cache line.
    long start = Math.floorMod(-memory.address() / Float.BYTES, (long) CACHE_LINE);
    return new CacheLines(memory, new FloatPointer(memory).getPointer(start));
  }

  private record CacheLines(Pointer memory, FloatPointer floats) implements Allocation {
    @Override
    public void free() {
      Pointer.free(memory);
    }
  }

  @Override
  public void upload(float[] values, FloatPointer target) {
    target.put(values);
  }

  @Override
  public void upload(FloatPointer values, FloatPointer target, long elements) {
    copy(values, target, elements);
  }

  @Override
  public void upload(int[] values, int elements, IntPointer target) {
    target.put(values, 0, elements);
  }

  @Override
  public void download(FloatPointer source, float[] into) {
    source.get(into);
  }

  @Override
  public void download(IntPointer source, int[] into) {
    source.get(into);
  }

  @Override
  public void copy(FloatPointer source, FloatPointer target, long elements) {
    Pointer.memcpy(target, source, elements * Float.BYTES);
  }

  @Override
  public void fill(FloatPointer target, long elements, float value) {
    if (elements > 0) {
      target.put(0, value);
    }
    for (long filled = 1; filled < elements; filled *= 2) {
      copy(target, target.getPointer(filled), Math.min(filled, elements - filled));
    }
  }
}
