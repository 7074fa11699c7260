package io.retort.distill;

import java.util.ArrayList;
import java.util.List;

/** Adds up how far the models of a run have come, for one {@link Progress}. */
final class RunProgress {

  private final Progress progress;
  private final List<String> models = new ArrayList<>();
  private final long[] steps;
  private final long[] done;

  /**
   * Nothing is done yet.
   *
   * @param steps steps of each plan
   */
  RunProgress(Progress progress, List<ModelPlan> plans, long[] steps) {
    this.progress = progress;
    plans.forEach(plan -> models.add(plan.name()));
    this.steps = steps.clone();
    this.done = new long[steps.length];
  }

  /** A model was found finished. */
  void found(String model) {
    report(model, steps[models.indexOf(model)], Double.NaN, 0);
  }

  /**
   * Reports every step of a model from now on, the first of which comes after {@code firstStep}.
   */
  TrainingListener listener(ModelPlan plan, long firstStep) {
    long start = System.nanoTime();
    return new TrainingListener() {
      @Override
      public void afterStep(Trainer trainer, double loss) {
        long step = trainer.position().step();
        long images = (step - firstStep) * plan.config().batchSize();
        report(plan.name(), step, loss, images / ((System.nanoTime() - start) * 1e-9));
      }
    };
  }

  private synchronized void report(String model, long step, double loss, double imagesPerSecond) {
    int stage = models.indexOf(model);
    done[stage] = step;
    long allSteps = 0;
    long allDone = 0;
    for (int i = 0; i < steps.length; i++) {
      allSteps += steps[i];
      allDone += done[i];
    }
    progress.report(
        new Progress.Update(
            model,
            stage + 1,
            models.size(),
            step,
            steps[stage],
            loss,
            imagesPerSecond,
            (double) allDone / allSteps));
  }
}
