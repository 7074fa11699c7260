package io.retort.distill.multiview;

import io.retort.distill.InterruptedRunException;
import io.retort.distill.Interruption;
import io.retort.distill.Progress;
import io.retort.distill.RunDirectory;
import io.retort.distill.Safetensors;
import io.retort.distill.Safetensors.FloatTensor;
import io.retort.nn.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The stages of a run, in each of which networks train side by side. A stage that is finished, or
 * that was stopped, is gone on with from its checkpoint: weights and the number of steps are all
 * that gradient descent over all samples needs.
 */
final class RunStages {

  /** Steps from one checkpoint to the next. */
  private static final int STEPS_BETWEEN_CHECKPOINTS = 100;

  private static final String WEIGHTS = "weights";
  private static final String STEP = "step";

  /**
   * What a stage will take.
   *
   * @param work a measure of one step's time
   */
  record Plan(String name, int steps, double work) {}

  private final RunDirectory run;
  private final Device device;
  private final Progress progress;
  private final Interruption interruption;
  private final List<Plan> plans;

  RunStages(
      RunDirectory run,
      Device device,
      Progress progress,
      Interruption interruption,
      List<Plan> plans) {
    this.run = run;
    this.device = device;
    this.progress = progress;
    this.interruption = interruption;
    this.plans = List.copyOf(plans);
  }

  /**
   * Trains networks, or takes them from their checkpoint; the caller closes them.
   *
   * @param name of a plan
   * @throws InterruptedRunException once the interruption was requested and the checkpoint written
   */
  SmoothedReluNetworks train(
      String name, LearnerConfig learner, int classes, List<Trainee> trainees, Samples samples)
      throws IOException {
    int steps = plan(name).steps();
    Path finished = run.checkpoint(name);
    if (Files.exists(finished)) {
      report(name, steps, Double.NaN);
      return read(Safetensors.read(finished), learner, classes, samples.dimension());
    }
    Path state = run.state(name);
    int done = 0;
    SmoothedReluNetworks networks;
    if (Files.exists(state)) {
      Safetensors file = Safetensors.read(state);
      done = Integer.parseInt(file.metadata().get(STEP));
      networks = read(file, learner, classes, samples.dimension());
    } else {
      long[] seeds = trainees.stream().flatMapToLong(t -> Arrays.stream(t.seeds())).toArray();
      networks = SmoothedReluNetworks.initial(device, learner, classes, samples.dimension(), seeds);
    }
    try {
      descend(name, networks, trainees, samples, done);
      write(networks, finished, steps);
      Files.deleteIfExists(state);
      return networks;
    } catch (IOException | RuntimeException e) {
      networks.close();
      throw e;
    }
  }

  private void descend(
      String name, SmoothedReluNetworks networks, List<Trainee> trainees, Samples samples, int done)
      throws IOException {
    int steps = plan(name).steps();
    try (GradientDescent descent = new GradientDescent(networks, trainees, samples)) {
      for (int step = done; step < steps; step++) {
        if (interruption.requested()) {
          write(networks, run.state(name), step);
          throw InterruptedRunException.after(name, step);
        }
        report(name, step + 1, descent.step());
        if ((step + 1) % STEPS_BETWEEN_CHECKPOINTS == 0) {
          write(networks, run.state(name), step + 1);
        }
      }
    }
  }

  /** The progress of a run that is a stage of this one and its only step. */
  Progress within(String name) {
    Plan stage = plan(name);
    return update ->
        progress.report(
            new Progress.Update(
                name + ", " + update.stage(),
                plans.indexOf(stage) + 1,
                plans.size(),
                update.step(),
                update.steps(),
                update.loss(),
                0,
                fraction(stage, update.fractionOfRun()),
                1));
  }

  /** Tells of a stage that is finished. */
  void finished(String name) {
    report(name, plan(name).steps(), Double.NaN);
  }

  /**
   * Begins a step of a stage that keeps no checkpoint, because it is short: once stopped, it is
   * done again.
   *
   * @param step counted from 0
   * @throws InterruptedRunException if the interruption was requested
   */
  void begin(String name, int step) {
    if (interruption.requested()) {
      throw InterruptedRunException.after(name, step);
    }
    report(name, step, Double.NaN);
  }

  private SmoothedReluNetworks read(
      Safetensors file, LearnerConfig learner, int classes, int dimension) {
    return SmoothedReluNetworks.of(
        device, learner, classes, dimension, file.tensors().get(WEIGHTS).values());
  }

  private static void write(SmoothedReluNetworks networks, Path file, int step) throws IOException {
    long[] shape = {
      networks.count(), networks.classes(), networks.config().neurons(), networks.dimension()
    };
    FloatTensor weights = FloatTensor.of(shape, networks.weights().download());
    new Safetensors(Map.of(STEP, Integer.toString(step)), Map.of(WEIGHTS, weights)).write(file);
  }

  private Plan plan(String name) {
    return plans.stream().filter(plan -> plan.name().equals(name)).findFirst().orElseThrow();
  }

  private void report(String name, int step, double loss) {
    Plan stage = plan(name);
    progress.report(
        new Progress.Update(
            name,
            plans.indexOf(stage) + 1,
            plans.size(),
            step,
            stage.steps(),
            loss,
            0,
            fraction(stage, step),
            1));
  }

  /** How much of the run is done after so many steps of a stage. */
  private double fraction(Plan stage, double steps) {
    double before =
        plans.subList(0, plans.indexOf(stage)).stream()
            .mapToDouble(p -> p.steps() * p.work())
            .sum();
    double all = plans.stream().mapToDouble(p -> p.steps() * p.work()).sum();
    return Math.min(1, (before + steps * stage.work()) / all);
  }
}
