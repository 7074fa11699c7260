package io.retort.data;

/**
 * The size of an image.
 *
 * @param height rows of pixels, at least 1
 * @param width pixels in a row, at least 1
 */
public record ImageSize(int height, int width) {
  /**
   * Checks both sides.
   *
   * @throws IllegalArgumentException when a side is less than 1
   */
  public ImageSize {
    Arguments.atLeast("height", height, 1);
    Arguments.atLeast("width", width, 1);
  }

  /** The size as people write it, for example {@code 28x32} for 28 rows of 32 pixels. */
  @Override
  public String toString() {
    return height + "x" + width;
  }
}
