package io.retort.distill;

import java.io.IOException;

/** Saves where a training stands after every epoch, and before it stops because it is asked to. */
final class StateKeeper implements TrainingListener {

  private final StateFile state;
  private final Interruption interruption;

  StateKeeper(StateFile state, Interruption interruption) {
    this.state = state;
    this.interruption = interruption;
  }

  @Override
  public void afterStep(Trainer trainer, double loss) throws IOException {
    if (interruption.requested()) {
      state.write(trainer);
      throw stopped(trainer);
    }
  }

  @Override
  public void afterEpoch(Trainer trainer, EpochTotals totals) throws IOException {
    boolean finished = trainer.position().step() == trainer.steps();
    if (!finished) {
      state.write(trainer);
      if (interruption.requested()) {
        throw stopped(trainer);
      }
    }
  }

  private InterruptedRunException stopped(Trainer trainer) {
    return InterruptedRunException.after(state.description().name(), trainer.position().step());
  }
}
