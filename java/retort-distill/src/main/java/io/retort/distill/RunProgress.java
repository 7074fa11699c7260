package io.retort.distill;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Adds up how far the models of a run have come, for one {@link Progress}. */
final class RunProgress {

  /** The last step of a model in training. */
  private record Latest(double loss, double imagesPerSecond) {}

  private final Progress progress;
  private final List<String> models = new ArrayList<>();
  private final long[] steps;
  private final long[] done;
  private final SortedMap<Integer, Latest> inTraining = new TreeMap<>();

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
    done[stage] = steps[stage];
    report(stage, Double.NaN, Math.max(1, inTraining.size()));
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
        double imagesPerSecond = images / ((System.nanoTime() - start) * 1e-9);
        stepped(models.indexOf(plan.name()), step, new Latest(loss, imagesPerSecond));
      }
    };
  }

  private synchronized void stepped(int stage, long step, Latest latest) {
    done[stage] = step;
    inTraining.put(stage, latest);
    int first = inTraining.firstKey();
    report(first, inTraining.get(first).loss(), inTraining.size());
    if (step == steps[stage]) {
      inTraining.remove(stage);
    }
  }

  private void report(int stage, double loss, int networks) {
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
            done[stage],
            steps[stage],
            loss,
            inTraining.values().stream().mapToDouble(Latest::imagesPerSecond).sum(),
            (double) allDone / allSteps,
            networks));
  }
}
