package io.retort.data;

/** The order of an epoch: Fisher and Yates' shuffle, by a seed and the epoch. */
final class Shuffle {
  /** Augmentation has the streams from 0 on, one an example. */
  private static final long STREAM = -1;

  private Shuffle() {}

  static void apply(int[] order, long seed, int epoch) {
    SplitMix64 random = new SplitMix64();
    random.start(seed, epoch, STREAM);
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextBelow(i + 1);
      int moved = order[i];
      order[i] = order[j];
      order[j] = moved;
    }
  }
}
