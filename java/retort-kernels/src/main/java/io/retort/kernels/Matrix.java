package io.retort.kernels;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A row-major matrix of {@code float} over memory that the caller owns; element (r, c) is at {@code
 * r * stride + c}. Columns between {@code columns} and {@code stride} are never read and never
 * written.
 *
 * <p>Memory outside the Java heap (a direct buffer, a JavaCPP pointer) is handed to the kernels as
 * it is. An array is copied to native memory for the time of a call, and back if the call writes
 * it. The memory must stay valid while a call uses it.
 */
public final class Matrix {
  private final long rows;
  private final long columns;
  private final long stride;
  private final float[] array;
  private final FloatPointer pointer;
  private final boolean readOnly;

  /** Keeps a direct buffer's memory alive for as long as this view of it. */
  @SuppressWarnings("unused")
  private final FloatBuffer buffer;

  private Matrix(
      long rows,
      long columns,
      long stride,
      float[] array,
      FloatPointer pointer,
      FloatBuffer buffer) {
    this.rows = rows;
    this.columns = columns;
    this.stride = stride;
    this.array = array;
    this.pointer = pointer;
    this.buffer = buffer;
    this.readOnly = buffer != null && buffer.isReadOnly();
    long available = array != null ? array.length : pointer.limit() - pointer.position();
    checkSize(rows, columns, stride, available);
  }

  /** A matrix without gaps over an array. */
  public static Matrix of(float[] values, long rows, long columns) {
    return of(values, rows, columns, columns);
  }

  /** A matrix over an array. */
  public static Matrix of(float[] values, long rows, long columns, long stride) {
    Arguments.notNull("values", values);
    return new Matrix(rows, columns, stride, values, null, null);
  }

  /** A matrix without gaps over a direct buffer, from its position on. */
  public static Matrix of(FloatBuffer values, long rows, long columns) {
    return of(values, rows, columns, columns);
  }

  /** A matrix over a direct buffer in native byte order, from its position on. */
  public static Matrix of(FloatBuffer values, long rows, long columns, long stride) {
    Arguments.notNull("values", values);
    if (!values.isDirect()) {
      throw new IllegalArgumentException(
          "values must be a direct buffer; pass an array itself instead");
    }
    if (values.order() != ByteOrder.nativeOrder()) {
      throw new IllegalArgumentException(
          "values must be in native byte order, got " + values.order());
    }
    return new Matrix(rows, columns, stride, null, new FloatPointer(values), values);
  }

  /** A matrix without gaps over native memory, from the pointer's position on. */
  public static Matrix of(FloatPointer values, long rows, long columns) {
    return of(values, rows, columns, columns);
  }

  /**
   * A matrix over native memory, from the pointer's position on. The pointer must know its size;
   * one that wraps foreign memory is told it by {@link FloatPointer#capacity(long)}.
   */
  public static Matrix of(FloatPointer values, long rows, long columns, long stride) {
    Arguments.notNull("values", values);
    if (values.isNull()) {
      throw new IllegalArgumentException("values must not be a null or freed pointer");
    }
    return new Matrix(rows, columns, stride, null, values, null);
  }

  private static void checkSize(long rows, long columns, long stride, long available) {
    Arguments.atLeast("rows", rows, 0);
    Arguments.atLeast("columns", columns, 1);
    Arguments.atLeast("stride", stride, columns);
    if (rows == 0) {
      return;
    }
    long needed;
    try {
      needed = Math.addExact(Math.multiplyExact(rows - 1, stride), columns);
    } catch (ArithmeticException overflow) {
      throw new IllegalArgumentException(
          "rows " + rows + " with stride " + stride + " overflow 64 bits");
    }
    if (needed > available) {
      throw new IllegalArgumentException(
          "values must hold at least "
              + needed
              + " elements for "
              + rows
              + " rows of "
              + columns
              + " columns with stride "
              + stride
              + ", got "
              + available);
    }
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

  /**
   * Fails unless this matrix has the given shape; {@code name} is the argument's in the message.
   */
  void checkShape(String name, long rows, long columns) {
    if (this.rows != rows || this.columns != columns) {
      throw new IllegalArgumentException(
          name
              + " must be "
              + rows
              + " x "
              + columns
              + ", got "
              + this.rows
              + " x "
              + this.columns);
    }
  }

  /** Lends the memory to one call; {@code name} is the argument's in messages. */
  Loan read(String name) {
    return lend(name, false);
  }

  /** Lends the memory to one call that writes it. */
  Loan write(String name) {
    if (readOnly) {
      throw new IllegalArgumentException(name + " must not be a read-only buffer");
    }
    return lend(name, true);
  }

  private Loan lend(String name, boolean written) {
    if (array != null) {
      return new Loan(
          new FloatPointer(Math.max(1, array.length)).put(array, 0, array.length), array, written);
    }
    if (pointer.isNull()) {
      throw new IllegalArgumentException(name + " must not be a null or freed pointer");
    }
    return new Loan(pointer, null, false);
  }

  /** Memory lent to one call. Closing writes an array back and frees its copy. */
  static final class Loan implements AutoCloseable {
    final FloatPointer pointer;
    private final float[] array;
    private final boolean written;

    private Loan(FloatPointer pointer, float[] array, boolean written) {
      this.pointer = pointer;
      this.array = array;
      this.written = written;
    }

    static FloatPointer pointer(Loan loan) {
      return loan == null ? null : loan.pointer;
    }

    @Override
    public void close() {
      if (array != null) {
        if (written) {
          pointer.get(array);
        }
        pointer.deallocate();
      }
    }
  }
}
