package io.retort.benchmarks;

/** An implementation of training steps, found by {@link java.util.ServiceLoader}. */
public interface TrainingStepProvider extends Provider {
  /** Makes the network and brings the batch to it; none of this is timed. */
  Step prepare(TrainingProblem problem);

  /** One step: forward, backward, and the optimiser's. */
  interface Step extends AutoCloseable {
    /**
     * What is timed.
     *
     * @return the mean loss of the batch before the step
     */
    double run();

    @Override
    void close();
  }
}
