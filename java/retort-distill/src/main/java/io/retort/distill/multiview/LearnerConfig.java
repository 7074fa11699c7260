package io.retort.distill.multiview;

import io.retort.distill.check.Require;

/**
 * A network of Allen-Zhu and Li (2020) and how it learns:
 *
 * <pre>
 *   F(i, X) = sum over neurons r and patches p of smoothed_relu(w(i, r) . x(p))
 * </pre>
 *
 * <p>with one layer of weights, drawn from a normal distribution, and gradient descent over all
 * samples at once. {@code retort/network.h} says what the smoothed ReLU is.
 *
 * @param neurons m, neurons of each class
 * @param degree q, 2 to 64
 * @param threshold where the slope of the ReLU reaches 1, above 0
 * @param initialDeviation sigma_0, the standard deviation of the first weights
 * @param learningRate eta, above 0
 * @param steps steps that a network learns from the labels
 */
public record LearnerConfig(
    int neurons,
    int degree,
    double threshold,
    double initialDeviation,
    double learningRate,
    int steps) {

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public LearnerConfig {
    Require.atLeast("neurons", neurons, 1);
    Require.within("degree", degree, 2, 64);
    Require.positive("threshold", threshold);
    Require.positive("initialDeviation", initialDeviation);
    Require.positive("learningRate", learningRate);
    Require.atLeast("steps", steps, 1);
  }

  /**
   * Small first weights before a large threshold, so that features compete: the one that a neuron
   * happens to begin with grows as a power of itself. The step is short enough to follow the
   * gradient's flow: half of it, twice as often, ends within 0.3 points of the same accuracies.
   */
  public static LearnerConfig defaults() {
    return new LearnerConfig(5, 4, 1, 0.05, 10, 200);
  }

  /** The same with another step. */
  LearnerConfig withLearningRate(double other) {
    return new LearnerConfig(neurons, degree, threshold, initialDeviation, other, steps);
  }
}
