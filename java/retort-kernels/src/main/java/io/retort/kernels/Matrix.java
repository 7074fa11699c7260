package io.retort.kernels;

import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.ShortPointer;

/**
 * A row-major matrix over memory that the caller owns, in one of the {@link DType types} that
 * kernels take; element (r, c) is at {@code r * stride + c}. Columns between {@code columns} and
 * {@code stride} are never read and never written.
 *
 * <p>Make a matrix once and pass it to many calls, from any thread: it holds no values of its own.
 *
 * <ul>
 *   <li>A direct buffer is handed to the kernels as it is. The matrix keeps it from being
 *       collected; an arena that it belongs to must stay open during a call.
 *   <li>A JavaCPP pointer is handed on as it is. A call with a freed one raises; one that another
 *       thread closes during a call is freed at the end of it. {@link
 *       org.bytedeco.javacpp.Pointer#deallocate() deallocate()} waits for nobody, and memory that
 *       the pointer does not free itself is not watched: both must stay until calls have returned.
 *   <li>An array is copied to native memory for each call, and if the call writes it back as a
 *       whole, which allocates every time. Two outputs of a call must not share one, nor may
 *       another thread write it meanwhile.
 * </ul>
 *
 * <p>Moving the position or the limit of a buffer or pointer later does not move the matrix.
 *
 * <p>Every {@code of} fails with an {@link IllegalArgumentException} for null, for a freed pointer,
 * for a buffer that is not direct or not in native byte order, for rows below 0, columns below 1, a
 * stride below the columns, and for memory that is too small for them.
 */
public final class Matrix {
  private final DType dtype;
  private final long rows;
  private final long columns;
  private final long stride;
  private final Memory memory;

  private Matrix(DType dtype, long rows, long columns, long stride, Memory memory) {
    this.dtype = dtype;
    this.rows = rows;
    this.columns = columns;
    this.stride = stride;
    this.memory = memory;
    checkSize(rows, columns, stride, memory.size);
  }

  /** A matrix of {@link DType#F32} without gaps over an array. */
  public static Matrix of(float[] values, long rows, long columns) {
    return of(values, rows, columns, columns);
  }

  /** A matrix of {@link DType#F32} over an array. */
  public static Matrix of(float[] values, long rows, long columns, long stride) {
    Arguments.notNull("values", values);
    return new Matrix(DType.F32, rows, columns, stride, new ArrayMemory(values));
  }

  /** A matrix of {@link DType#F32} without gaps over a direct buffer, from its position on. */
  public static Matrix of(FloatBuffer values, long rows, long columns) {
    return of(values, rows, columns, columns);
  }

  /** A matrix of {@link DType#F32} over a direct buffer, from its position on. */
  public static Matrix of(FloatBuffer values, long rows, long columns, long stride) {
    Arguments.notNull("values", values);
    Memory memory = new BufferMemory("values", values, values.order(), Float.BYTES);
    return new Matrix(DType.F32, rows, columns, stride, memory);
  }

  /** A matrix of {@link DType#F32} without gaps over native memory, from the position on. */
  public static Matrix of(FloatPointer values, long rows, long columns) {
    return of(values, rows, columns, columns);
  }

  /**
   * A matrix of {@link DType#F32} over native memory, from the pointer's position on. The pointer
   * must know its size; one that wraps foreign memory is told it by {@link
   * FloatPointer#capacity(long)}.
   */
  public static Matrix of(FloatPointer values, long rows, long columns, long stride) {
    Arguments.notNull("values", values);
    Memory memory = new PointerMemory("values", values, Float.BYTES);
    return new Matrix(DType.F32, rows, columns, stride, memory);
  }

  /** A matrix of {@link DType#F16} or {@link DType#BF16} without gaps over an array. */
  public static Matrix of(short[] values, DType dtype, long rows, long columns) {
    return of(values, dtype, rows, columns, columns);
  }

  /** A matrix of {@link DType#F16} or {@link DType#BF16} over an array. */
  public static Matrix of(short[] values, DType dtype, long rows, long columns, long stride) {
    Arguments.notNull("values", values);
    return new Matrix(half(dtype), rows, columns, stride, new ArrayMemory(values));
  }

  /**
   * A matrix of {@link DType#F16} or {@link DType#BF16} without gaps over a direct buffer, from its
   * position on.
   */
  public static Matrix of(ShortBuffer values, DType dtype, long rows, long columns) {
    return of(values, dtype, rows, columns, columns);
  }

  /**
   * A matrix of {@link DType#F16} or {@link DType#BF16} over a direct buffer, from its position on.
   */
  public static Matrix of(ShortBuffer values, DType dtype, long rows, long columns, long stride) {
    Arguments.notNull("values", values);
    Memory memory = new BufferMemory("values", values, values.order(), Short.BYTES);
    return new Matrix(half(dtype), rows, columns, stride, memory);
  }

  /**
   * A matrix of {@link DType#F16} or {@link DType#BF16} without gaps over native memory, from the
   * position on.
   */
  public static Matrix of(ShortPointer values, DType dtype, long rows, long columns) {
    return of(values, dtype, rows, columns, columns);
  }

  /**
   * A matrix of {@link DType#F16} or {@link DType#BF16} over native memory, from the pointer's
   * position on. The pointer must know its size, as that of a matrix of {@link DType#F32}.
   */
  public static Matrix of(ShortPointer values, DType dtype, long rows, long columns, long stride) {
    Arguments.notNull("values", values);
    Memory memory = new PointerMemory("values", values, Short.BYTES);
    return new Matrix(half(dtype), rows, columns, stride, memory);
  }

  private static DType half(DType dtype) {
    if (Arguments.notNull("dtype", dtype) == DType.F32) {
      throw new IllegalArgumentException("dtype must be F16 or BF16 for shorts, got F32");
    }
    return dtype;
  }

  /** Fails for a shape that is none, or that {@code available} elements cannot hold. */
  static void checkSize(long rows, long columns, long stride, long available) {
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

  /** How the elements are stored. */
  public DType dtype() {
    return dtype;
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

  /** Whether the memory has one address for as long as it lives. */
  boolean isNative() {
    return memory.isNative();
  }

  /**
   * Fails unless this matrix has the given shape; {@code name} is the argument's in the message.
   */
  void checkShape(String name, long rows, long columns) {
    if (this.rows != rows || this.columns != columns) {
      throw Arguments.wrongShape(name, rows, columns, this.rows, this.columns);
    }
  }

  /** Fails unless this argument {@code name} has the shape and the type of that argument. */
  void checkLike(String name, Matrix that, String thatName) {
    checkShape(name, that.rows, that.columns);
    Arguments.sameType(name, dtype, that.dtype, thatName);
  }

  /** Fails unless this argument {@code name} is one number a row, as the kernels take such. */
  void checkVector(String name, long rows) {
    checkShape(name, rows, 1);
    if (dtype != DType.F32) {
      throw new IllegalArgumentException(name + " must be F32, got " + dtype);
    }
    if (stride != 1) {
      throw new IllegalArgumentException(name + " must have stride 1, got " + stride);
    }
  }

  /** Whether no call may write this matrix. */
  boolean isReadOnly() {
    return memory.isReadOnly();
  }

  static IllegalArgumentException readOnly(String name) {
    return new IllegalArgumentException(name + " must not be a read-only buffer");
  }

  /** Lends the memory to one call that reads it; null where it has been freed. */
  Loan lend() {
    return memory.lend();
  }

  /** Lends the memory to one call that may write it; null where it has been freed. */
  Loan lendWritable() {
    return memory.lendWritable();
  }

  /** Lends a matrix, or null for none, to one call that reads it. */
  static Loan read(String name, Matrix matrix) {
    return matrix == null ? Loan.NONE : present(name, matrix.lend());
  }

  /** Lends a matrix, or null for none, to one call that may write it. */
  static Loan write(String name, Matrix matrix) {
    if (matrix == null) {
      return Loan.NONE;
    }
    if (matrix.isReadOnly()) {
      throw readOnly(name);
    }
    return present(name, matrix.lendWritable());
  }

  private static Loan present(String name, Loan loan) {
    if (loan == null) {
      throw Memory.freed(name);
    }
    return loan;
  }

  /** Elements from one row to the next of a matrix, or 0 for none. */
  static long stride(Matrix matrix) {
    return matrix == null ? 0 : matrix.stride;
  }
}
