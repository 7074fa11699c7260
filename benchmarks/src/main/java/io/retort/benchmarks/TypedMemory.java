package io.retort.benchmarks;

import io.retort.kernels.DType;
import io.retort.kernels.Matrix;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;
import org.bytedeco.javacpp.indexer.Bfloat16Indexer;
import org.bytedeco.javacpp.indexer.HalfIndexer;

/** Elements of a {@link DType} in native memory, read and written as {@code float}. */
public final class TypedMemory implements AutoCloseable {
  private static final int CHUNK = 1 << 16;

  private final DType dtype;
  private final Pointer pointer;

  private TypedMemory(DType dtype, Pointer pointer) {
    this.dtype = dtype;
    this.pointer = pointer;
  }

  /** Room for so many elements, which {@link #close} frees. */
  static TypedMemory allocate(DType dtype, long size) {
    return new TypedMemory(
        dtype, dtype == DType.F32 ? new FloatPointer(size) : new ShortPointer(size));
  }

  /** The elements of a pointer, from its position on. */
  static TypedMemory of(FloatPointer pointer) {
    return new TypedMemory(DType.F32, pointer);
  }

  /** How the elements are stored. */
  public DType dtype() {
    return dtype;
  }

  /** Number of elements. */
  public long size() {
    return pointer.limit() - pointer.position();
  }

  /** The first element: a {@link FloatPointer} for F32, a {@link ShortPointer} otherwise. */
  public Pointer pointer() {
    return pointer;
  }

  /** The same elements as Retort takes them, row-major and without gaps. */
  Matrix matrix(long rows, long columns) {
    return dtype == DType.F32
        ? Matrix.of((FloatPointer) pointer, rows, columns)
        : Matrix.of((ShortPointer) pointer, dtype, rows, columns);
  }

  /** A part of this memory, which stays this memory's to free. */
  TypedMemory slice(long from, long size) {
    Pointer start = pointer.getPointer(from);
    return new TypedMemory(dtype, start.capacity(size));
  }

  /** Reads as many elements as {@code values} holds. */
  void get(long from, float[] values) {
    if (dtype == DType.F32) {
      ((FloatPointer) pointer).getPointer(from).get(values);
      return;
    }
    short[] bits = new short[values.length];
    ((ShortPointer) pointer).getPointer(from).get(bits);
    for (int i = 0; i < bits.length; i++) {
      values[i] =
          dtype == DType.F16 ? HalfIndexer.toFloat(bits[i]) : Bfloat16Indexer.toFloat(bits[i]);
    }
  }

  /** Writes all {@code values}; one that the type has no number for becomes one next to it. */
  void put(long from, float[] values) {
    if (dtype == DType.F32) {
      ((FloatPointer) pointer).getPointer(from).put(values);
      return;
    }
    short[] bits = new short[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] =
          (short)
              (dtype == DType.F16
                  ? HalfIndexer.fromFloat(values[i])
                  : Bfloat16Indexer.fromFloat(values[i]));
    }
    ((ShortPointer) pointer).getPointer(from).put(bits);
  }

  /** Copies every element into as many floats. */
  void copyTo(FloatPointer target) {
    for (long from = 0; from < size(); from += CHUNK) {
      float[] values = new float[(int) Math.min(CHUNK, size() - from)];
      get(from, values);
      target.getPointer(from).put(values);
    }
  }

  @Override
  public void close() {
    pointer.close();
  }
}
