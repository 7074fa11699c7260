package io.retort.nn;

/** Rows that a layer writes: a tensor allocated for the most rows asked for so far. */
final class RowBuffer implements AutoCloseable {
  private final Device device;
  private final long[] shape;
  private Tensor memory;
  private Tensor rows;

  /** Rows that each have the shape {@code item}. */
  RowBuffer(Device device, long... item) {
    this.device = device;
    this.shape = new long[item.length + 1];
    System.arraycopy(item, 0, shape, 1, item.length);
  }

  /** A tensor of that many rows, with any values; valid until the next call. */
  Tensor rows(long count) {
    if (rows == null || rows.rows() != count) {
      shape[0] = count;
      if (memory == null || memory.rows() < count) {
        close();
        memory = device.tensor(shape);
      }
      rows = memory.view(0, shape);
    }
    return rows;
  }

  @Override
  public void close() {
    if (memory != null) {
      memory.close();
      memory = null;
      rows = null;
    }
  }
}
