package io.retort.distill.multiview;

import io.retort.distill.check.Require;

/**
 * The learner's networks, linearised at their first weights: the models of the neural tangent
 * kernel.
 *
 * @param learningRate the step along the gradient, in units of the kernel's mean on its diagonal:
 *     at first weights so small the gradients are, too
 * @param steps steps of gradient descent; 0 leaves the contrast out
 */
public record TangentConfig(double learningRate, int steps) {

  /** No such models. */
  static final TangentConfig NONE = new TangentConfig(1, 0);

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public TangentConfig {
    Require.positive("learningRate", learningRate);
    Require.atLeast("steps", steps, 0);
  }
}
