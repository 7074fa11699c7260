package io.retort.nn;

/**
 * The sizes and constants of a batch normalisation, as in {@code retort_batch_norm}.
 *
 * @param rows rows of the matrix; for images every pixel is a row; at least 0
 * @param channels columns of the matrix, at least 1
 * @param epsilon added to the variance, finite, above 0
 * @param rectify whether {@code max(0, x)} follows
 */
public record BatchNormShape(long rows, int channels, float epsilon, boolean rectify) {
  /** Checks the sizes and constants. */
  public BatchNormShape {
    Arguments.atLeast("rows", rows, 0);
    Arguments.atLeast("channels", channels, 1);
    Arguments.positive("epsilon", epsilon);
  }

  /** The same operation on another number of rows. */
  public BatchNormShape withRows(long rows) {
    return new BatchNormShape(rows, channels, epsilon, rectify);
  }

  long size() {
    return Arguments.elements("input", rows, channels);
  }
}
