package io.retort.data;

import java.util.List;

/**
 * Random changes of the training images that leave their class as it is: a crop of the padded image
 * back to its size, and a horizontal flip.
 *
 * <p>The padding has the data set's mean value, which is 0 after normalisation. What happens to an
 * example depends on the seed, the epoch and the example's index only, not on the batch it is in.
 * The scheme is that of He et al., <a href="https://arxiv.org/abs/1512.03385">Deep Residual
 * Learning for Image Recognition</a>, section 4.2.
 *
 * @param padding pixels added on each side before the crop; 0 for no crop
 * @param horizontalFlip whether an image is mirrored left to right with probability 1/2. Digits and
 *     letters change their meaning by it
 */
public record Augmentation(int padding, boolean horizontalFlip) {
  private static final List<String> NAMES = List.of("none", "standard", "crop", "flip");

  /**
   * Checks the padding.
   *
   * @throws IllegalArgumentException when the padding is negative
   */
  public Augmentation {
    Arguments.atLeast("padding", padding, 0);
  }

  /**
   * Leaves every image as it is.
   *
   * @return padding 0, no flip
   */
  public static Augmentation none() {
    return new Augmentation(0, false);
  }

  /**
   * Crop and flip, with the usual padding.
   *
   * @param dataset the training set
   * @return padding 4 for 32x32 and 2 for 28x28: an eighth of the shorter side from 32 pixels on, a
   *     fourteenth below; with the flip
   */
  public static Augmentation standard(ImageDataset dataset) {
    return new Augmentation(usualPadding(dataset), true);
  }

  /**
   * An augmentation by its name.
   *
   * @param name {@code none}; {@code standard} for crop and flip; {@code crop}; {@code flip}
   * @param dataset the training set, which decides the padding
   * @return the augmentation
   * @throws IllegalArgumentException when the name is unknown
   */
  public static Augmentation of(String name, ImageDataset dataset) {
    return switch (Arguments.notNull("name", name)) {
      case "none" -> none();
      case "standard" -> standard(dataset);
      case "crop" -> new Augmentation(usualPadding(dataset), false);
      case "flip" -> new Augmentation(0, true);
      default ->
          throw new IllegalArgumentException(
              "augmentation must be one of " + String.join(", ", NAMES) + ", got " + name);
    };
  }

  /**
   * The names that {@link #of} knows.
   *
   * @return an immutable list
   */
  public static List<String> names() {
    return NAMES;
  }

  private static int usualPadding(ImageDataset dataset) {
    int side = Math.min(dataset.height(), dataset.width());
    return side < 32 ? side / 14 : side / 8;
  }
}
