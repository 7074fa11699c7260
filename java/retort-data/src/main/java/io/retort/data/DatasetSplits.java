package io.retort.data;

import java.util.Arrays;

/**
 * A data set apart into what a network learns from and what it is judged by.
 *
 * @param train the training examples
 * @param test the test examples; images of the same size, and the same classes
 */
public record DatasetSplits(ImageDataset train, ImageDataset test) {
  /** No run's seed, so that no run's order has a part in what is held out. */
  private static final long HOLD_OUT_SEED = 0x486f6c644f7574L;

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

  /**
   * Training examples held out to judge by in place of the test examples, so that settings can be
   * chosen without a look at those.
   *
   * @param n how many, in [1, train.size); drawn evenly from all, the same at every call
   * @return the other training examples, in their order, and those held out
   * @throws IllegalArgumentException when there are not that many and one more
   */
  public DatasetSplits holdOut(int n) {
    Arguments.within("holdOut", n, 1, train.size() - 1);
    int[] order = new int[train.size()];
    Arrays.setAll(order, i -> i);
    Shuffle.apply(order, HOLD_OUT_SEED, 0);
    int[] heldOut = Arrays.copyOf(order, n);
    int[] rest = Arrays.copyOfRange(order, n, order.length);
    Arrays.sort(heldOut);
    Arrays.sort(rest);
    return new DatasetSplits(train.select(rest), train.select(heldOut));
  }
}
