package io.retort.nn;

/**
 * The sizes of a two-dimensional convolution over zero-padded images, as in {@code
 * retort_convolution}.
 *
 * @param images images in the batch, at least 0
 * @param input shape of an input image
 * @param outputChannels channels of an output image, at least 1
 * @param kernel height and width of the kernel, at least 1
 * @param stride pixels from one window to the next, at least 1
 * @param padding zeros on each side, at least 0, less than the kernel
 */
public record ConvolutionShape(
    long images, ImageShape input, int outputChannels, int kernel, int stride, int padding) {
  /** Checks the sizes. */
  public ConvolutionShape {
    Arguments.atLeast("images", images, 0);
    Arguments.notNull("input", input);
    Arguments.atLeast("outputChannels", outputChannels, 1);
    Windows.check(input, kernel, stride, padding);
  }

  /** The same convolution of another number of images. */
  public ConvolutionShape withImages(long images) {
    return new ConvolutionShape(images, input, outputChannels, kernel, stride, padding);
  }

  /** Shape of an output image. */
  public ImageShape output() {
    return Windows.output(input, outputChannels, kernel, stride, padding);
  }

  /** Values of an output channel's weights: {@code kernel * kernel * input channels}. */
  public long fanIn() {
    return Arguments.elements("weights", kernel, kernel, input.channels());
  }

  long inputSize() {
    return Arguments.elements("input", images, input.size());
  }

  long outputSize() {
    return Arguments.elements("output", images, output().size());
  }

  long weightsSize() {
    return Arguments.elements("weights", outputChannels, fanIn());
  }
}
