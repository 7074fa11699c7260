package io.retort.data;

import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The examples of a data set as normalised batches, epoch after epoch. Immutable, and safe to share
 * between threads.
 *
 * <p>The order of an epoch depends on the seed and the epoch only, and an example's augmentation on
 * the seed, the epoch and the example's index only. So an epoch can be entered at any step, and
 * gives the same bits as if all steps before had been taken.
 */
public final class Batches {
  private final ImageDataset dataset;
  private final Normalization normalization;
  private final int batchSize;
  private final Augmentation augmentation;
  private final boolean shuffled;
  private final long seed;
  private final LastBatch lastBatch;

  private Batches(
      ImageDataset dataset,
      Normalization normalization,
      int batchSize,
      Augmentation augmentation,
      boolean shuffled,
      long seed,
      LastBatch lastBatch) {
    this.dataset = Arguments.notNull("dataset", dataset);
    this.normalization = Arguments.notNull("normalization", normalization);
    this.batchSize = Arguments.atLeast("batchSize", batchSize, 1);
    this.augmentation = Arguments.notNull("augmentation", augmentation);
    this.shuffled = shuffled;
    this.seed = seed;
    this.lastBatch = Arguments.notNull("lastBatch", lastBatch);
    checkFit();
  }

  private void checkFit() {
    if (normalization.channels() != dataset.channels()) {
      throw new IllegalArgumentException(
          "normalization must have the %d channels of the data set, got %d"
              .formatted(dataset.channels(), normalization.channels()));
    }
    Arguments.within(
        "augmentation.padding",
        augmentation.padding(),
        0,
        Math.min(dataset.height(), dataset.width()));
    if (lastBatch == LastBatch.DROP && batchSize > dataset.size()) {
      throw new IllegalArgumentException(
          "batchSize must be at most the number of examples, %d, when the last batch is dropped,"
                  .formatted(dataset.size())
              + " got "
              + batchSize);
    }
    int mostRows = Integer.MAX_VALUE / Float.BYTES / dataset.imageBytes();
    if (Math.min(batchSize, dataset.size()) > mostRows) {
      throw new IllegalArgumentException(
          "batchSize must be at most %d, for a batch of 2 GiB, got %d"
              .formatted(mostRows, batchSize));
    }
  }

  /**
   * Batches to train with: shuffled, augmented, the last partial batch dropped.
   *
   * @param dataset the training set
   * @param normalization as many channels as the data set
   * @param batchSize examples in a batch, in [1, dataset.size()]
   * @param augmentation what is done to each image; padding at most the shorter side
   * @param seed decides the order and the augmentation
   * @return the batches
   * @throws IllegalArgumentException when an argument is null or out of range
   */
  public static Batches of(
      ImageDataset dataset,
      Normalization normalization,
      int batchSize,
      Augmentation augmentation,
      long seed) {
    return of(dataset, normalization, batchSize, augmentation, seed, LastBatch.DROP);
  }

  /**
   * Batches to train with: shuffled and augmented.
   *
   * @param dataset the training set
   * @param normalization as many channels as the data set
   * @param batchSize examples in a batch, at least 1; at most {@code dataset.size()} when the last
   *     batch is dropped
   * @param augmentation what is done to each image; padding at most the shorter side
   * @param seed decides the order and the augmentation
   * @param lastBatch what becomes of the last partial batch
   * @return the batches
   * @throws IllegalArgumentException when an argument is null or out of range
   */
  public static Batches of(
      ImageDataset dataset,
      Normalization normalization,
      int batchSize,
      Augmentation augmentation,
      long seed,
      LastBatch lastBatch) {
    return new Batches(dataset, normalization, batchSize, augmentation, true, seed, lastBatch);
  }

  /**
   * Batches to evaluate with: in the data set's order, as the images are, all of them.
   *
   * @param dataset the examples
   * @param normalization as many channels as the data set
   * @param batchSize examples in a batch, at least 1
   * @return the batches, the same in every epoch
   * @throws IllegalArgumentException when an argument is null or out of range
   */
  public static Batches inOrder(ImageDataset dataset, Normalization normalization, int batchSize) {
    return new Batches(
        dataset, normalization, batchSize, Augmentation.none(), false, 0, LastBatch.KEEP);
  }

  /**
   * The data set the examples come from.
   *
   * @return the data set
   */
  public ImageDataset dataset() {
    return dataset;
  }

  /**
   * The examples in a full batch.
   *
   * @return at least 1
   */
  public int batchSize() {
    return batchSize;
  }

  /**
   * The number of batches in an epoch.
   *
   * @return at least 1
   */
  public int stepsPerEpoch() {
    int full = dataset.size() / batchSize;
    boolean partial = dataset.size() % batchSize != 0;
    return partial && lastBatch == LastBatch.KEEP ? full + 1 : full;
  }

  /**
   * All batches of an epoch.
   *
   * @param epoch which epoch, at least 0
   * @return see {@link #epoch(int, int)}
   * @throws IllegalArgumentException when the epoch is negative
   */
  public Iterable<Batch> epoch(int epoch) {
    return epoch(epoch, 0);
  }

  /**
   * The batches of an epoch from a step on, prepared in the calling thread.
   *
   * @param epoch which epoch, at least 0
   * @param firstStep the step of the first batch, in [0, stepsPerEpoch]
   * @return an iterable whose iterators are independent of each other; each fills one batch again
   *     and again, so a batch is valid until the iterator's next {@code next()}
   * @throws IllegalArgumentException when an argument is out of range
   */
  public Iterable<Batch> epoch(int epoch, int firstStep) {
    Arguments.atLeast("epoch", epoch, 0);
    Arguments.within("firstStep", firstStep, 0, stepsPerEpoch());
    return () -> iterator(epoch, firstStep);
  }

  private Iterator<Batch> iterator(int epoch, int firstStep) {
    BatchFiller filler = new BatchFiller(this, epoch, firstStep);
    Batch batch = newBatch();
    return new Iterator<>() {
      private int step = firstStep;

      @Override
      public boolean hasNext() {
        return step < stepsPerEpoch();
      }

      @Override
      public Batch next() {
        if (!hasNext()) {
          throw new NoSuchElementException("epoch " + epoch + " has " + step + " batches");
        }
        filler.fill(batch);
        step++;
        return batch;
      }
    };
  }

  /**
   * Starts to prepare the batches of some epochs, one epoch after the other, on a thread of their
   * own.
   *
   * @param firstEpoch the epoch of the first batch, at least 0
   * @param firstStep the step of the first batch, in [0, stepsPerEpoch]
   * @param endEpoch the epoch after the last, at least {@code firstEpoch}
   * @return the batches; the caller closes it
   * @throws IllegalArgumentException when an argument is out of range
   */
  public Prefetch prefetch(int firstEpoch, int firstStep, int endEpoch) {
    Arguments.atLeast("firstEpoch", firstEpoch, 0);
    Arguments.within("firstStep", firstStep, 0, stepsPerEpoch());
    Arguments.atLeast("endEpoch", endEpoch, firstEpoch);
    long count = Math.max(0, (long) (endEpoch - firstEpoch) * stepsPerEpoch() - firstStep);
    BatchFiller filler = new BatchFiller(this, firstEpoch, firstStep);
    return new Prefetch(this::newBatch, filler::fill, count);
  }

  Batch newBatch() {
    return new Batch(
        Math.min(batchSize, dataset.size()), dataset.height(), dataset.width(), dataset.channels());
  }

  Normalization normalization() {
    return normalization;
  }

  Augmentation augmentation() {
    return augmentation;
  }

  boolean shuffled() {
    return shuffled;
  }

  long seed() {
    return seed;
  }
}
