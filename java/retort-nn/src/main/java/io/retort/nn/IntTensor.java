package io.retort.nn;

/**
 * A vector of {@code int} on a {@link Device}, such as labels. Memory and views are as those of
 * {@link Tensor}.
 */
public abstract class IntTensor implements AutoCloseable {
  private final Device device;
  private final long size;

  IntTensor(Device device, long size) {
    Arguments.atLeast("size", size, 0);
    this.device = device;
    this.size = size;
  }

  /** Where it lives. */
  public final Device device() {
    return device;
  }

  /** Number of elements. */
  public final long size() {
    return size;
  }

  /** Overwrites all elements; {@code values} has {@link #size} elements. */
  public final void upload(int[] values) {
    if (Arguments.notNull("values", values).length != size) {
      throw new IllegalArgumentException(
          "values must have " + size + " elements, got " + values.length);
    }
    upload(values, values.length);
  }

  /** Overwrites the first elements with the first {@code elements} of {@code values}. */
  public abstract void upload(int[] values, int elements);

  /** All elements in a new array. */
  public abstract int[] download();

  /** {@code size} elements from {@code offset} on, sharing this tensor's memory. */
  public abstract IntTensor view(long offset, long size);

  /** Frees the memory, unless this is a view. Closing twice is no error. */
  @Override
  public abstract void close();
}
