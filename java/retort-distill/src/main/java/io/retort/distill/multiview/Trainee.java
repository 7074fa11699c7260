package io.retort.distill.multiview;

/**
 * Networks that learn together.
 *
 * @param method what they learn by
 * @param seeds a network each; one, unless the objective binds several together
 * @param objective what they minimise
 * @param learningRate the step along the gradient
 */
record Trainee(String method, long[] seeds, Objective objective, double learningRate) {

  static Trainee of(String method, long seed, Objective objective, double learningRate) {
    return new Trainee(method, new long[] {seed}, objective, learningRate);
  }
}
