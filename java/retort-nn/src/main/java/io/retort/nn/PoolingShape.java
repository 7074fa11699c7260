package io.retort.nn;

/**
 * The sizes of a pooling operation, as in {@code retort_pooling}.
 *
 * @param images images in the batch, at least 0
 * @param input shape of an input image
 * @param kernel height and width of a window, at least 1
 * @param stride pixels from one window to the next, at least 1
 * @param padding pixels on each side that belong to no image, at least 0, less than the kernel
 */
public record PoolingShape(long images, ImageShape input, int kernel, int stride, int padding) {
  /** Checks the sizes. */
  public PoolingShape {
    Arguments.atLeast("images", images, 0);
    Arguments.notNull("input", input);
    Windows.check(input, kernel, stride, padding);
  }

  /** The same operation on another number of images. */
  public PoolingShape withImages(long images) {
    return new PoolingShape(images, input, kernel, stride, padding);
  }

  /** Shape of an output image. */
  public ImageShape output() {
    return Windows.output(input, input.channels(), kernel, stride, padding);
  }

  long inputSize() {
    return Arguments.elements("input", images, input.size());
  }

  long outputSize() {
    return Arguments.elements("output", images, output().size());
  }
}
