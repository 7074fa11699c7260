package io.retort.kernels;

import io.retort.kernels.binding.Retort;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;

/** One class index a row, 32 or 64 bits wide, over memory that the caller owns. */
public final class Labels {
  private final Object values;
  private final long size;
  final int type;

  private Labels(Object values, long size, int type) {
    this.values = values;
    this.size = size;
    this.type = type;
  }

  /** Labels in an array, which is copied for each call. */
  public static Labels of(int[] labels) {
    Arguments.notNull("labels", labels);
    return new Labels(labels, labels.length, Retort.RETORT_LABELS_I32);
  }

  /** Labels in an array, which is copied for each call. */
  public static Labels of(long[] labels) {
    Arguments.notNull("labels", labels);
    return new Labels(labels, labels.length, Retort.RETORT_LABELS_I64);
  }

  /** Labels in native memory, from the pointer's position to its limit. */
  public static Labels of(IntPointer labels) {
    return of(labels, Retort.RETORT_LABELS_I32);
  }

  /** Labels in native memory, from the pointer's position to its limit. */
  public static Labels of(LongPointer labels) {
    return of(labels, Retort.RETORT_LABELS_I64);
  }

  private static Labels of(Pointer labels, int type) {
    Arguments.notNull("labels", labels);
    if (labels.isNull()) {
      throw new IllegalArgumentException("labels must not be a null or freed pointer");
    }
    return new Labels(labels, labels.limit() - labels.position(), type);
  }

  /** Number of labels. */
  public long size() {
    return size;
  }

  Loan read() {
    if (values instanceof int[] array) {
      return new Loan(new IntPointer(Math.max(1, array.length)).put(array, 0, array.length), true);
    }
    if (values instanceof long[] array) {
      return new Loan(new LongPointer(Math.max(1, array.length)).put(array, 0, array.length), true);
    }
    Pointer pointer = (Pointer) values;
    if (pointer.isNull()) {
      throw new IllegalArgumentException("labels must not be a null or freed pointer");
    }
    return new Loan(pointer, false);
  }

  /** The labels' memory lent to one call. */
  static final class Loan implements AutoCloseable {
    final Pointer pointer;
    private final boolean owned;

    private Loan(Pointer pointer, boolean owned) {
      this.pointer = pointer;
      this.owned = owned;
    }

    static Pointer pointer(Loan loan) {
      return loan == null ? null : loan.pointer;
    }

    @Override
    public void close() {
      if (owned) {
        pointer.deallocate();
      }
    }
  }
}
