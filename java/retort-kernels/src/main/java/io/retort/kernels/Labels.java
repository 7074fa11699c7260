package io.retort.kernels;

import io.retort.kernels.binding.Retort;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;

/**
 * One class index a row, 32 or 64 bits wide, over memory that the caller owns; what {@link Matrix}
 * says of memory holds here too.
 */
public final class Labels {
  private final Memory memory;
  final int type;

  private Labels(Memory memory, int type) {
    this.memory = memory;
    this.type = type;
  }

  /**
   * Labels in an array, which is copied for each call.
   *
   * @throws IllegalArgumentException if it is null
   */
  public static Labels of(int[] labels) {
    Arguments.notNull("labels", labels);
    return new Labels(new ArrayMemory(labels), Retort.RETORT_LABELS_I32);
  }

  /**
   * Labels in an array, which is copied for each call.
   *
   * @throws IllegalArgumentException if it is null
   */
  public static Labels of(long[] labels) {
    Arguments.notNull("labels", labels);
    return new Labels(new ArrayMemory(labels), Retort.RETORT_LABELS_I64);
  }

  /**
   * Labels in a direct buffer in native byte order, from its position to its limit.
   *
   * @throws IllegalArgumentException for null and for another kind of buffer
   */
  public static Labels of(IntBuffer labels) {
    Arguments.notNull("labels", labels);
    return new Labels(
        new BufferMemory("labels", labels, labels.order(), Integer.BYTES),
        Retort.RETORT_LABELS_I32);
  }

  /**
   * Labels in a direct buffer in native byte order, from its position to its limit.
   *
   * @throws IllegalArgumentException for null and for another kind of buffer
   */
  public static Labels of(LongBuffer labels) {
    Arguments.notNull("labels", labels);
    return new Labels(
        new BufferMemory("labels", labels, labels.order(), Long.BYTES), Retort.RETORT_LABELS_I64);
  }

  /**
   * Labels in native memory, from the pointer's position to its limit.
   *
   * @throws IllegalArgumentException for null and for a freed pointer
   */
  public static Labels of(IntPointer labels) {
    Arguments.notNull("labels", labels);
    return new Labels(new PointerMemory("labels", labels, Integer.BYTES), Retort.RETORT_LABELS_I32);
  }

  /**
   * Labels in native memory, from the pointer's position to its limit.
   *
   * @throws IllegalArgumentException for null and for a freed pointer
   */
  public static Labels of(LongPointer labels) {
    Arguments.notNull("labels", labels);
    return new Labels(new PointerMemory("labels", labels, Long.BYTES), Retort.RETORT_LABELS_I64);
  }

  /** Number of labels. */
  public long size() {
    return memory.size;
  }

  /** Lends labels, or null for none, to one call. */
  static Loan lend(Labels labels) {
    if (labels == null) {
      return Loan.NONE;
    }
    Loan loan = labels.memory.lend();
    if (loan == null) {
      throw Memory.freed("labels");
    }
    return loan;
  }
}
