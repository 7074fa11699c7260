package io.retort.benchmarks;

import io.retort.benchmarks.TrainingStepProvider.Step;

/**
 * Whether a provider's training is Retort's, but for rounding: from the same parameters the losses
 * of three steps are the same. The second depends on every gradient, the third on the momentum.
 *
 * <p>Tolerance: a loss comes out of at most 20 layers one after another. Each adds rounding errors
 * of at most a thousand products, which mostly cancel, so about sqrt(1000) * 2^-24 = 2e-6 a layer;
 * batch normalisation and two steps at a large learning rate magnify them some ten times. That is
 * 4e-4 of a loss near 2. A missing bias or half the learning rate changes the third loss by far
 * more than 1 %.
 */
public final class TrainingAgreement {
  private static final int STEPS = 3;
  private static final double TOLERANCE = 2e-3;

  private TrainingAgreement() {}

  /**
   * Takes the steps and compares; {@code step} has taken none before.
   *
   * @throws IllegalStateException saying where the step differs from Retort
   */
  public static void check(String provider, TrainingProblem problem, Step step) {
    try (Step retort = new RetortTrainingStepProvider().prepare(problem)) {
      for (int i = 1; i <= STEPS; i++) {
        double expected = retort.run();
        double actual = step.run();
        if (!(Math.abs(actual - expected) <= TOLERANCE)) {
          throw new IllegalStateException(
              provider
                  + "'s loss at step "
                  + i
                  + " of "
                  + problem.network().architecture()
                  + " is "
                  + actual
                  + ", Retort's "
                  + expected
                  + "; they may differ by "
                  + TOLERANCE);
        }
      }
    }
  }
}
