package io.retort.distill;

import io.retort.data.Augmentation;
import io.retort.data.Batches;
import io.retort.data.DatasetSplits;
import io.retort.data.Datasets;
import io.retort.data.ImageDataset;
import io.retort.data.Normalization;
import io.retort.nn.ImageShape;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The images of a run.
 *
 * @param train what is learnt from
 * @param test what is judged by
 * @param normalization what maps pixels to a network's input; that of the training images
 * @param augmentation what is done to the training images
 */
record RunData(
    ImageDataset train, ImageDataset test, Normalization normalization, Augmentation augmentation) {

  static RunData open(DataConfig config) throws IOException {
    return of(load(config), config);
  }

  /** What a configuration makes of images that are in memory. */
  static RunData of(DatasetSplits all, DataConfig config) {
    DatasetSplits images = holdOut(all, config);
    ImageDataset train = limit("trainLimit", images.train(), config.trainLimit());
    return new RunData(
        train,
        limit("testLimit", images.test(), config.testLimit()),
        Normalization.of(train),
        Augmentation.of(config.augmentation(), train));
  }

  /** The images to judge by alone. */
  static ImageDataset openTest(DataConfig config) throws IOException {
    return limit("testLimit", holdOut(load(config), config).test(), config.testLimit());
  }

  private static DatasetSplits holdOut(DatasetSplits all, DataConfig config) {
    return config.holdOut() == 0 ? all : all.holdOut(config.holdOut());
  }

  private static DatasetSplits load(DataConfig config) throws IOException {
    return Datasets.load(config.dataset(), config.path().isEmpty() ? null : Path.of(config.path()));
  }

  private static ImageDataset limit(String name, ImageDataset images, int limit) {
    if (limit > images.size()) {
      throw new IllegalArgumentException(
          name + " must be at most " + images.size() + ", got " + limit);
    }
    return limit == 0 ? images : images.limit(limit);
  }

  /** Batches to train with, the same for the same seed. */
  Batches training(TrainingConfig config) {
    return Batches.of(train, normalization, config.batchSize(), augmentation, config.seed());
  }

  /** The training images in their order and as they are. */
  Batches trainInOrder(int batchSize) {
    return Batches.inOrder(train, normalization, batchSize);
  }

  /** The test images in their order. */
  Batches testInOrder(int batchSize) {
    return Batches.inOrder(test, normalization, batchSize);
  }

  /** Steps of all epochs of a training. */
  long steps(TrainingConfig config) {
    return (long) config.epochs() * training(config).stepsPerEpoch();
  }

  static ImageShape shape(ImageDataset images) {
    return new ImageShape(images.height(), images.width(), images.channels());
  }

  ImageShape shape() {
    return shape(train);
  }

  int classes() {
    return train.classNames().size();
  }

  static int[] labels(ImageDataset images) {
    int[] labels = new int[images.size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = images.label(i);
    }
    return labels;
  }
}
