package io.retort.data;

/**
 * Fills batches one after the other, from a step of an epoch on and through the epochs after it.
 * Allocates nothing once it is made. For one thread.
 */
final class BatchFiller {
  private final Batches batches;
  private final ImageDataset dataset;
  private final Augmentation augmentation;
  private final PixelWriter writer;
  private final SplitMix64 random = new SplitMix64();
  private final float[] image;
  private final int[] order;
  private int epoch;
  private int step;

  BatchFiller(Batches batches, int epoch, int step) {
    this.batches = batches;
    this.dataset = batches.dataset();
    this.augmentation = batches.augmentation();
    this.writer = new PixelWriter(dataset, batches.normalization());
    this.image = new float[dataset.imageBytes()];
    this.order = new int[dataset.size()];
    this.epoch = epoch;
    this.step = step;
    arrange();
  }

  /** Puts the examples in the order of the epoch. */
  private void arrange() {
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    if (batches.shuffled()) {
      Shuffle.apply(order, batches.seed(), epoch);
    }
  }

  void fill(Batch batch) {
    if (step == batches.stepsPerEpoch()) {
      epoch++;
      step = 0;
      arrange();
    }
    int first = step * batches.batchSize();
    int rows = Math.min(batches.batchSize(), dataset.size() - first);
    batch.begin(epoch, step, rows);
    for (int row = 0; row < rows; row++) {
      int index = order[first + row];
      writeImage(index);
      batch.set(row, index, dataset.label(index), image);
    }
    step++;
  }

  private void writeImage(int index) {
    if (augmentation.padding() == 0 && !augmentation.horizontalFlip()) {
      writer.write(index, image);
      return;
    }
    // All three are drawn always, so that the flip can be switched without moving the crops.
    random.start(batches.seed(), epoch, index);
    int offsets = 2 * augmentation.padding() + 1;
    int top = random.nextBelow(offsets) - augmentation.padding();
    int left = random.nextBelow(offsets) - augmentation.padding();
    boolean flip = random.nextBelow(2) == 1 && augmentation.horizontalFlip();
    writer.write(index, top, left, flip, image);
  }
}
