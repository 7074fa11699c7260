package io.retort.nn;

/**
 * The geometry that convolution and pooling share: square windows that move over a padded image.
 */
final class Windows {
  private Windows() {}

  static void check(ImageShape input, int kernel, int stride, int padding) {
    Arguments.atLeast("kernel", kernel, 1);
    Arguments.atLeast("stride", stride, 1);
    Arguments.atLeast("padding", padding, 0);
    if (padding >= kernel) {
      throw new IllegalArgumentException(
          "padding must be less than the kernel of " + kernel + ", got " + padding);
    }
    if (kernel > Math.min(input.height(), input.width()) + 2L * padding) {
      throw new IllegalArgumentException(
          "kernel must fit an image of " + input + " with padding " + padding + ", got " + kernel);
    }
  }

  static ImageShape output(ImageShape input, int channels, int kernel, int stride, int padding) {
    return new ImageShape(
        count(input.height(), kernel, stride, padding),
        count(input.width(), kernel, stride, padding),
        channels);
  }

  private static int count(int size, int kernel, int stride, int padding) {
    long count = (size + 2L * padding - kernel) / stride + 1;
    if (count > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "padding must leave less than 2^31 windows, got " + padding);
    }
    return (int) count;
  }
}
