package io.retort.distill.multiview;

import io.retort.distill.check.Require;

/**
 * Data without views: each class is a mixture of Gaussians around unit vectors, a sample one patch.
 *
 * @param components Gaussians of each class; 0 leaves the contrast out
 * @param dimension size of a patch
 * @param noise length of the noise, on average, against the means' length of 1
 * @param trainSamples samples to learn from
 * @param testSamples samples to judge by
 * @param steps steps of gradient descent
 */
public record MixtureConfig(
    int components, int dimension, double noise, int trainSamples, int testSamples, int steps) {

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public MixtureConfig {
    Require.atLeast("components", components, 0);
    Require.atLeast("dimension", dimension, 1);
    Require.notNegative("noise", noise);
    Require.atLeast("trainSamples", trainSamples, 1);
    Require.atLeast("testSamples", testSamples, 1);
    Require.atLeast("steps", steps, 1);
  }

  /** The same with so many times the training samples. */
  MixtureConfig times(double factor) {
    return new MixtureConfig(
        components,
        dimension,
        noise,
        Math.toIntExact(Math.round(factor * trainSamples)),
        testSamples,
        steps);
  }
}
