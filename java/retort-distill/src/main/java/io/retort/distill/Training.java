package io.retort.distill;

import java.io.IOException;
import java.util.List;

/** Trains one network on labels. */
public final class Training {

  /** The name of the model in its run directory. */
  public static final String MODEL = "model";

  private Training() {}

  /**
   * Trains a network, or goes on where the run directory shows that it was stopped, with the same
   * bits as if it had not been.
   *
   * @param config what is asked for
   * @param run where everything is written
   * @param progress is told after every step
   * @param interruption asks to stop
   * @return what came of it
   * @throws RunConflictException if the directory holds a run with another configuration
   * @throws IllegalArgumentException if the configuration names something that does not exist
   * @throws InterruptedRunException once the interruption was requested and the state is on the
   *     disk
   * @throws IOException if data or files of the run cannot be read or written
   */
  public static TrainingResult run(
      TrainingConfig config, RunDirectory run, Progress progress, Interruption interruption)
      throws IOException {
    ModelPlan plan = new ModelPlan(MODEL, config, Targets.LABELS);
    return run(plan, ImageRun.open(run, config), progress, interruption);
  }

  static TrainingResult run(
      ModelPlan plan, ImageRun images, Progress progress, Interruption interruption)
      throws IOException {
    TrainingConfig config = plan.config();
    images.train(config, List.of(plan), 1, progress, interruption);
    try (FinishedModels finished = images.finished(interruption)) {
      TestLogits model = finished.test(MODEL);
      return new TrainingResult(
          config, images.steps(config), model.parameters(), model.metrics(finished.testLabels()));
    }
  }
}
