package io.retort.benchmarks;

/**
 * An implementation of the steps of a {@link MultiViewProblem}, found by {@link
 * java.util.ServiceLoader}.
 */
public interface MultiViewStepProvider extends Provider {
  /**
   * Brings samples and weights to where the steps take them from; none of this is timed.
   *
   * @throws IllegalStateException saying what it lacks, where this machine cannot run it
   */
  TrainingStepProvider.Step prepare(MultiViewProblem problem);
}
