package io.retort.distill;

import java.io.IOException;
import java.util.List;

/** Is told of every step and epoch of a {@link Trainer}, on the thread that trains. */
interface TrainingListener {

  /**
   * A step was done; {@link Trainer#position} counts it.
   *
   * @param loss what was minimised, as a mean over the rows of the step
   */
  default void afterStep(Trainer trainer, double loss) throws IOException {}

  /**
   * An epoch was done; {@link Trainer#position} counts it.
   *
   * @param totals what its steps came to
   */
  default void afterEpoch(Trainer trainer, EpochTotals totals) throws IOException {}

  /** Tells several, in their order. */
  static TrainingListener all(TrainingListener... listeners) {
    List<TrainingListener> all = List.of(listeners);
    return new TrainingListener() {
      @Override
      public void afterStep(Trainer trainer, double loss) throws IOException {
        for (TrainingListener listener : all) {
          listener.afterStep(trainer, loss);
        }
      }

      @Override
      public void afterEpoch(Trainer trainer, EpochTotals totals) throws IOException {
        for (TrainingListener listener : all) {
          listener.afterEpoch(trainer, totals);
        }
      }
    };
  }
}
