package io.retort.kernels;

import io.retort.kernels.binding.DistillationTotals;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;

/**
 * Where {@link DistillationLoss} writes its totals when it is to allocate nothing: the numbers of
 * {@link Totals}, overwritten by each call that is passed this buffer, and 0 before the first. A
 * call that fails leaves them as they were. One thread at a time may use a buffer.
 */
public final class TotalsBuffer {
  private static final DistillationTotals LAYOUT = new DistillationTotals((Pointer) null);
  private static final int TOTAL = LAYOUT.offsetof("total");
  private static final int HARD = LAYOUT.offsetof("hard");
  private static final int SOFT = LAYOUT.offsetof("soft");
  private static final int DENOMINATOR = LAYOUT.offsetof("denominator");
  private static final int COUNTED_ROWS = LAYOUT.offsetof("counted_rows");

  private final ByteBuffer memory = DirectMemory.allocate(LAYOUT.sizeof());
  final long address = DirectMemory.address(memory);

  /** A buffer of zeros. It takes 40 bytes beside the Java heap, which go with it. */
  public TotalsBuffer() {}

  /** The loss. */
  public double total() {
    return memory.getDouble(TOTAL);
  }

  /** Cross-entropy with the labels. */
  public double hard() {
    return memory.getDouble(HARD);
  }

  /** Divergence from the teachers, times temperature² where that is asked for. */
  public double soft() {
    return memory.getDouble(SOFT);
  }

  /** What the sums were divided by. */
  public double denominator() {
    return memory.getDouble(DENOMINATOR);
  }

  /** Rows that were not ignored. */
  public long countedRows() {
    return memory.getLong(COUNTED_ROWS);
  }

  /** The numbers as they are now. */
  public Totals toTotals() {
    return new Totals(total(), hard(), soft(), denominator(), countedRows());
  }
}
