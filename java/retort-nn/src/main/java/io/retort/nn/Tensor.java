package io.retort.nn;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * A row-major {@code float} array on a {@link Device}. Images are channels last, {@code [rows,
 * height, width, channels]}.
 *
 * <p>Closing a tensor frees its memory at once. A {@link #view} shares the memory of the tensor it
 * was taken from: closing the view frees nothing, and using it after its owner was closed is an
 * {@link IllegalStateException}, as is using a closed tensor. Only {@link #shape}, {@link #size}
 * and {@link #device} are still allowed then.
 */
public abstract class Tensor implements AutoCloseable {
  private final Device device;
  private final long[] shape;
  private final long size;

  Tensor(Device device, long[] shape) {
    this.device = device;
    this.shape = shape.clone();
    this.size = Arguments.elements("shape", shape);
  }

  /** Where it lives. */
  public final Device device() {
    return device;
  }

  /** Its sizes, the first that of the slowest dimension; a copy. */
  public final long[] shape() {
    return shape.clone();
  }

  /** Size of the first dimension; 1 for a scalar. */
  public final long rows() {
    return shape.length == 0 ? 1 : shape[0];
  }

  /** Number of elements. */
  public final long size() {
    return size;
  }

  /** Overwrites all elements; {@code values} has {@link #size} elements. */
  public abstract void upload(float[] values);

  /**
   * Overwrites the first elements.
   *
   * @param values a direct buffer in native byte order, read from its position on; the position
   *     stays
   * @param elements how many; at most {@link #size}, and at most what remains in the buffer
   */
  public abstract void upload(FloatBuffer values, long elements);

  /** All elements in a new array. */
  public final float[] download() {
    float[] values = new float[Math.toIntExact(size)];
    download(values);
    return values;
  }

  /** Copies all elements to an array of {@link #size} elements. */
  public abstract void download(float[] into);

  /**
   * A tensor that shares this one's memory.
   *
   * @param offset element of this tensor that is the view's first
   * @param shape shape of the view, which must end within this tensor
   */
  public abstract Tensor view(long offset, long... shape);

  /** The first {@code rows} of the first dimension, as a view. */
  public final Tensor firstRows(long rows) {
    if (shape.length == 0 || rows < 0 || rows > shape[0]) {
      throw new IllegalArgumentException(
          "rows must be 0 to those of " + Arrays.toString(shape) + ", got " + rows);
    }
    long[] fewer = shape.clone();
    fewer[0] = rows;
    return view(0, fewer);
  }

  /**
   * Copies all elements of a tensor of the same size on the same device; the two must not overlap.
   */
  public abstract void copyFrom(Tensor other);

  /** Sets all elements. */
  public abstract void fill(float value);

  /** Frees the memory, unless this is a view. Closing twice is no error. */
  @Override
  public abstract void close();

  /** Its shape, such as {@code [128, 10]}. */
  @Override
  public final String toString() {
    return Arrays.toString(shape);
  }
}
