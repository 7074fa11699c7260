package io.retort.nn;

/**
 * The shape of one image.
 *
 * @param height rows of pixels, at least 1
 * @param width pixels in a row, at least 1
 * @param channels values of a pixel, at least 1
 */
public record ImageShape(int height, int width, int channels) {
  /** Checks the sizes. */
  public ImageShape {
    Arguments.atLeast("height", height, 1);
    Arguments.atLeast("width", width, 1);
    Arguments.atLeast("channels", channels, 1);
    Arguments.elements("image", height, width, channels);
  }

  /** Values of an image. */
  public long size() {
    return (long) height * width * channels;
  }

  @Override
  public String toString() {
    return height + " x " + width + " x " + channels;
  }
}
