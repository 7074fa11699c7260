package io.retort.kernels;

import java.nio.IntBuffer;
import org.bytedeco.javacpp.IntPointer;

/**
 * A row-major matrix of class indices over memory that the caller owns, which stands beside a
 * {@link Matrix} of their values; what Matrix says of memory and of {@code of} holds here too.
 */
public final class Indices {
  private final long rows;
  private final long columns;
  private final long stride;
  private final Memory memory;

  private Indices(long rows, long columns, long stride, Memory memory) {
    this.rows = rows;
    this.columns = columns;
    this.stride = stride;
    this.memory = memory;
    Matrix.checkSize(rows, columns, stride, memory.size);
  }

  /** Indices without gaps over an array. */
  public static Indices of(int[] values, long rows, long columns) {
    return of(values, rows, columns, columns);
  }

  /** Indices over an array. */
  public static Indices of(int[] values, long rows, long columns, long stride) {
    Arguments.notNull("values", values);
    return new Indices(rows, columns, stride, new ArrayMemory(values));
  }

  /** Indices without gaps over a direct buffer, from its position on. */
  public static Indices of(IntBuffer values, long rows, long columns) {
    return of(values, rows, columns, columns);
  }

  /** Indices over a direct buffer, from its position on. */
  public static Indices of(IntBuffer values, long rows, long columns, long stride) {
    Arguments.notNull("values", values);
    Memory memory = new BufferMemory("values", values, values.order(), Integer.BYTES);
    return new Indices(rows, columns, stride, memory);
  }

  /** Indices without gaps over native memory, from the pointer's position on. */
  public static Indices of(IntPointer values, long rows, long columns) {
    return of(values, rows, columns, columns);
  }

  /** Indices over native memory, from the pointer's position on. */
  public static Indices of(IntPointer values, long rows, long columns, long stride) {
    Arguments.notNull("values", values);
    return new Indices(rows, columns, stride, new PointerMemory("values", values, Integer.BYTES));
  }

  /** Number of rows. */
  public long rows() {
    return rows;
  }

  /** Number of columns in use. */
  public long columns() {
    return columns;
  }

  /** Elements from one row to the next. */
  public long stride() {
    return stride;
  }

  /** Lends the memory to one call that reads it; null where it has been freed. */
  Loan lend() {
    return memory.lend();
  }

  /** Lends indices to one call that writes them. */
  static Loan write(String name, Indices indices) {
    if (indices.memory.isReadOnly()) {
      throw Matrix.readOnly(name);
    }
    Loan loan = indices.memory.lendWritable();
    if (loan == null) {
      throw Memory.freed(name);
    }
    return loan;
  }
}
