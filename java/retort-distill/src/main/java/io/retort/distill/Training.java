package io.retort.distill;

import io.retort.nn.Device;
import io.retort.nn.DeviceKind;
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
    RunData data = RunData.open(config.data());
    return run(plan, data, run, progress, interruption);
  }

  static TrainingResult run(
      ModelPlan plan, RunData data, RunDirectory run, Progress progress, Interruption interruption)
      throws IOException {
    TrainingConfig config = plan.config();
    long steps = data.steps(config);
    run.begin(config);
    RunProgress runProgress = new RunProgress(progress, List.of(plan), new long[] {steps});
    new ModelTraining(run, data, runProgress, config.threadCount()).train(plan, interruption);
    try (Device device = Device.open(DeviceKind.parse(config.device()), config.threads())) {
      TestLogits model =
          TestLogits.of(ModelFile.read(run.checkpoint(MODEL)), data.test(), device, interruption);
      return new TrainingResult(
          config, steps, model.parameters(), model.metrics(RunData.labels(data.test())));
    }
  }
}
