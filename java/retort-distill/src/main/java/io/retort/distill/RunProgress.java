package io.retort.distill;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Adds up how far the models of a run have come, for one {@link Progress}. */
final class RunProgress {

  private final Progress progress;
  private final List<String> models = new ArrayList<>();
  private final long[] steps;
  private final long[] done;
  private final Map<Integer, Double> imagesPerSecond = new HashMap<>();

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
  synchronized void found(String model) {
    int stage = models.indexOf(model);
    report(stage, steps[stage], Double.NaN);
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
        double seconds = (System.nanoTime() - start) * 1e-9;
        stepped(models.indexOf(plan.name()), step, loss, images / seconds);
      }
    };
  }

  private synchronized void stepped(int stage, long step, double loss, double speed) {
    imagesPerSecond.put(stage, speed);
    report(stage, step, loss);
    if (step == steps[stage]) {
      imagesPerSecond.remove(stage);
    }
  }

  private void report(int stage, long step, double loss) {
    done[stage] = step;
    long allSteps = 0;
    long allDone = 0;
    for (int i = 0; i < steps.length; i++) {
      allSteps += steps[i];
      allDone += done[i];
    }
    progress.report(
        new Progress.Update(
            models.get(stage),
            stage + 1,
            models.size(),
            step,
            steps[stage],
            loss,
            imagesPerSecond.values().stream().mapToDouble(Double::doubleValue).sum(),
            (double) allDone / allSteps,
            Math.max(1, imagesPerSecond.size())));
  }
}
