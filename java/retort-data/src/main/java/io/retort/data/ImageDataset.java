package io.retort.data;

import java.util.Arrays;
import java.util.List;

/**
 * Labelled images in memory. Immutable, and safe to share between threads.
 *
 * <p>Pixels are bytes in 0..255, in the order example, row, column, channel (NHWC).
 */
public final class ImageDataset {
  private final byte[] pixels;
  private final int[] labels;
  private final int size;
  private final int height;
  private final int width;
  private final int channels;
  private final List<String> classNames;

  private ImageDataset(
      byte[] pixels,
      int[] labels,
      int size,
      int height,
      int width,
      int channels,
      List<String> classNames) {
    this.pixels = pixels;
    this.labels = labels;
    this.size = size;
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.classNames = List.copyOf(classNames);
  }

  /**
   * Makes a data set of copies of the arrays.
   *
   * @param pixels {@code labels.length * height * width * channels} unsigned bytes, NHWC
   * @param labels the class of each image, an index into {@code classNames}; at least one
   * @param height rows of each image
   * @param width columns of each image
   * @param channels channels of each pixel
   * @param classNames the name of each class; at least one
   * @return the data set
   * @throws IllegalArgumentException when an argument is null, a size is less than 1, the number of
   *     bytes does not fit the sizes, or a label names no class
   */
  public static ImageDataset of(
      byte[] pixels, int[] labels, int height, int width, int channels, List<String> classNames) {
    Arguments.notNull("pixels", pixels);
    Arguments.notNull("labels", labels);
    return owning(pixels.clone(), labels.clone(), height, width, channels, classNames);
  }

  /** As {@link #of}, but keeps the arrays themselves: the caller lets go of them. */
  static ImageDataset owning(
      byte[] pixels, int[] labels, int height, int width, int channels, List<String> classNames) {
    Arguments.notNull("classNames", classNames);
    Arguments.atLeast("labels.length", labels.length, 1);
    Arguments.atLeast("height", height, 1);
    Arguments.atLeast("width", width, 1);
    Arguments.atLeast("channels", channels, 1);
    if (!isProduct(pixels.length, labels.length, height, width, channels)) {
      throw new IllegalArgumentException(
          "pixels must hold %d x %d x %d x %d bytes, got %d"
              .formatted(labels.length, height, width, channels, pixels.length));
    }
    for (int i = 0; i < labels.length; i++) {
      Arguments.within("labels[" + i + "]", labels[i], 0, classNames.size() - 1);
    }
    return new ImageDataset(pixels, labels, labels.length, height, width, channels, classNames);
  }

  /** Whether the factors, each at least 1, multiply to the product; no overflow can fool it. */
  private static boolean isProduct(int product, int... factors) {
    long rest = product;
    for (int factor : factors) {
      if (rest % factor != 0) {
        return false;
      }
      rest /= factor;
    }
    return rest == 1;
  }

  /**
   * The number of examples.
   *
   * @return at least 1
   */
  public int size() {
    return size;
  }

  /**
   * The rows of each image.
   *
   * @return at least 1
   */
  public int height() {
    return height;
  }

  /**
   * The columns of each image.
   *
   * @return at least 1
   */
  public int width() {
    return width;
  }

  /**
   * The channels of each pixel: 1 for grey, 3 for red, green and blue.
   *
   * @return at least 1
   */
  public int channels() {
    return channels;
  }

  /**
   * The name of each class; a label is an index into this list.
   *
   * @return an immutable list, never empty
   */
  public List<String> classNames() {
    return classNames;
  }

  /**
   * The class of an example.
   *
   * @param example which example, in [0, size)
   * @return an index into {@link #classNames}
   * @throws IllegalArgumentException when there is no such example
   */
  public int label(int example) {
    return labels[Arguments.within("example", example, 0, size - 1)];
  }

  /**
   * The pixels of an example.
   *
   * @param example which example, in [0, size)
   * @return a copy, {@code height * width * channels} unsigned bytes in the order row, column,
   *     channel
   * @throws IllegalArgumentException when there is no such example
   */
  public byte[] pixels(int example) {
    int start = Arguments.within("example", example, 0, size - 1) * imageBytes();
    return Arrays.copyOfRange(pixels, start, start + imageBytes());
  }

  /**
   * The first examples of this data set. Shares their memory.
   *
   * @param n how many, in [1, size]
   * @return a data set of {@code n} examples with the same classes
   * @throws IllegalArgumentException when there are not that many
   */
  public ImageDataset limit(int n) {
    Arguments.within("n", n, 1, size);
    return new ImageDataset(pixels, labels, n, height, width, channels, classNames);
  }

  /** The given examples, copied, in the given order. */
  ImageDataset select(int[] examples) {
    int bytes = imageBytes();
    byte[] selected = new byte[examples.length * bytes];
    int[] classes = new int[examples.length];
    for (int i = 0; i < examples.length; i++) {
      System.arraycopy(pixels, examples[i] * bytes, selected, i * bytes, bytes);
      classes[i] = labels[examples[i]];
    }
    return owning(selected, classes, height, width, channels, classNames);
  }

  /** The bytes of one image. */
  int imageBytes() {
    return height * width * channels;
  }

  /** The pixels themselves, perhaps of more examples than {@link #size}; not to be written. */
  byte[] sharedPixels() {
    return pixels;
  }

  /** For example {@code 60000 images of 28x28x1 in 10 classes}. */
  @Override
  public String toString() {
    return "%d images of %dx%dx%d in %d classes"
        .formatted(size, height, width, channels, classNames.size());
  }
}
