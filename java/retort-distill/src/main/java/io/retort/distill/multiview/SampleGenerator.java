package io.retort.distill.multiview;

import static io.retort.distill.multiview.DistributionConfig.VIEWS;

import java.util.random.RandomGenerator;

/** Draws samples of a multi-view distribution. */
final class SampleGenerator {

  private static final int NONE = -1;

  private final DistributionConfig config;
  private final RandomGenerator random;

  SampleGenerator(DistributionConfig config, RandomGenerator random) {
    this.config = config;
    this.random = random;
  }

  /**
   * Draws samples.
   *
   * @param singleViewFraction probability that a sample is single-view
   */
  Samples draw(int count, double singleViewFraction) {
    int sampleSize = config.patches() * config.dimension();
    float[] values = new float[count * sampleSize];
    int[] labels = new int[count];
    int[] missingViews = new int[count];
    float[] weights = new float[count * config.features()];
    for (int sample = 0; sample < count; sample++) {
      labels[sample] = random.nextInt(config.classes());
      missingViews[sample] =
          random.nextDouble() < singleViewFraction ? random.nextInt(VIEWS) : NONE;
      float[] weight = weights(labels[sample], missingViews[sample]);
      System.arraycopy(weight, 0, weights, sample * weight.length, weight.length);
      fillNoise(values, sample * sampleSize, sampleSize);
      placeFeatures(values, sample * sampleSize, weight);
    }
    return new Samples(config.patches(), config.dimension(), values, labels, missingViews, weights);
  }

  /** How much of each feature a sample has. */
  private float[] weights(int label, int missingView) {
    boolean[] present = presentFeatures(label);
    float[] weights = new float[config.features()];
    for (int feature = 0; feature < weights.length; feature++) {
      if (present[feature]) {
        weights[feature] = (float) range(feature, label, missingView).draw(random);
      }
    }
    return weights;
  }

  private Range range(int feature, int label, int missingView) {
    if (feature / VIEWS != label) {
      return missingView == NONE ? config.otherWeight() : config.singleOtherWeight();
    }
    return feature % VIEWS == missingView ? config.missingWeight() : config.ownWeight();
  }

  /** Both features of the label, and as many of the others as there is room for. */
  private boolean[] presentFeatures(int label) {
    int room = config.patches() / config.patchesPerFeature();
    while (true) {
      boolean[] present = new boolean[config.features()];
      int count = 0;
      for (int feature = 0; feature < present.length; feature++) {
        present[feature] =
            feature / VIEWS == label
                || random.nextDouble() * config.classes() < config.otherFeatures();
        count += present[feature] ? 1 : 0;
      }
      if (count <= room) {
        return present;
      }
    }
  }

  private void fillNoise(float[] values, int first, int size) {
    for (int i = first; i < first + size; i++) {
      values[i] = (float) (config.denseNoise() * random.nextGaussian());
    }
    if (config.featureNoise() == 0) {
      return;
    }
    for (int patch = first; patch < first + size; patch += config.dimension()) {
      for (int feature = 0; feature < config.features(); feature++) {
        values[patch + feature] += (float) (config.featureNoise() * random.nextDouble());
      }
    }
  }

  /** Gives every feature that takes part patches of its own, and shares its weight among them. */
  private void placeFeatures(float[] values, int first, float[] weights) {
    int[] order = shuffledPatches();
    int next = 0;
    for (int feature = 0; feature < weights.length; feature++) {
      if (weights[feature] > 0) {
        double[] shares = shares();
        for (double share : shares) {
          int patch = first + order[next++] * config.dimension();
          values[patch + feature] += (float) (share * weights[feature]);
        }
      }
    }
  }

  private double[] shares() {
    double[] shares = new double[config.patchesPerFeature()];
    double sum = 0;
    for (int i = 0; i < shares.length; i++) {
      shares[i] = 1 - random.nextDouble();
      sum += shares[i];
    }
    for (int i = 0; i < shares.length; i++) {
      shares[i] /= sum;
    }
    return shares;
  }

  private int[] shuffledPatches() {
    int[] order = new int[config.patches()];
    for (int i = 0; i < order.length; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
