package io.retort.nn;

/**
 * The sizes and constants of a batch normalisation, as in {@code retort_batch_norm}.
 *
 * @param rows rows of the matrix; for images every pixel is a row; at least 0
 * @param channels columns of the matrix, at least 1
 * @param epsilon added to the variance, finite, above 0
 * @param rectify whether {@code max(0, x)} follows
 * @param maxPool the max pooling that follows, of which the rows are the pixels, with windows side
 *     by side: the stride is the kernel, and there is no padding; null for none
 */
public record BatchNormShape(
    long rows, int channels, float epsilon, boolean rectify, PoolingShape maxPool) {
  /** Checks the sizes and constants. */
  public BatchNormShape {
    Arguments.atLeast("rows", rows, 0);
    Arguments.atLeast("channels", channels, 1);
    Arguments.positive("epsilon", epsilon);
    if (maxPool != null) {
      checkMaxPool(maxPool, rows, channels);
    }
  }

  /** Without a pooling. */
  public BatchNormShape(long rows, int channels, float epsilon, boolean rectify) {
    this(rows, channels, epsilon, rectify, null);
  }

  private static void checkMaxPool(PoolingShape maxPool, long rows, int channels) {
    if (maxPool.stride() != maxPool.kernel() || maxPool.padding() != 0) {
      throw new IllegalArgumentException("maxPool must have windows side by side, got " + maxPool);
    }
    if (maxPool.inputSize() != Arguments.elements("input", rows, channels)
        || maxPool.input().channels() != channels) {
      throw new IllegalArgumentException(
          "maxPool must have the "
              + rows
              + " rows of "
              + channels
              + " channels as pixels, got "
              + maxPool);
    }
  }

  /** The same operation on another number of rows, which with a pooling make up whole images. */
  public BatchNormShape withRows(long rows) {
    PoolingShape pooling = maxPool;
    if (maxPool != null) {
      long pixels = (long) maxPool.input().height() * maxPool.input().width();
      pooling = maxPool.withImages(rows / pixels);
    }
    return new BatchNormShape(rows, channels, epsilon, rectify, pooling);
  }

  long size() {
    return Arguments.elements("input", rows, channels);
  }

  long outputSize() {
    return maxPool == null ? size() : maxPool.outputSize();
  }
}
