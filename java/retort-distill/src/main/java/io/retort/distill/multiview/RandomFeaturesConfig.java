package io.retort.distill.multiview;

import io.retort.distill.check.Require;

/**
 * Models that are linear in features which never learn: sums over the patches of ReLUs of random
 * projections, standardised over the training samples.
 *
 * @param features features of a model; 0 leaves the contrast out
 * @param learningRate the step along the gradient
 * @param steps steps of gradient descent
 */
public record RandomFeaturesConfig(int features, double learningRate, int steps) {

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public RandomFeaturesConfig {
    Require.atLeast("features", features, 0);
    Require.positive("learningRate", learningRate);
    Require.atLeast("steps", steps, 1);
  }

  /**
   * The same with so many times the features, as there are samples, and a step that much longer.
   */
  RandomFeaturesConfig times(double factor) {
    return new RandomFeaturesConfig(
        Math.toIntExact(Math.round(factor * features)), factor * learningRate, steps);
  }
}
