package io.retort.data;

/**
 * A data set apart into what a network learns from and what it is judged by.
 *
 * @param train the training examples
 * @param test the test examples; images of the same size, and the same classes
 */
public record DatasetSplits(ImageDataset train, ImageDataset test) {
  /**
   * Checks that the two fit each other.
   *
   * @throws IllegalArgumentException when one is null, or the sizes of the images or the classes
   *     differ
   */
  public DatasetSplits {
    Arguments.notNull("train", train);
    Arguments.notNull("test", test);
    if (train.height() != test.height()
        || train.width() != test.width()
        || train.channels() != test.channels()
        || !train.classNames().equals(test.classNames())) {
      throw new IllegalArgumentException(
          "train ("
              + train
              + ") and test ("
              + test
              + ") must have images of one size and the same"
              + " classes");
    }
  }
}
