package io.retort.distill;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Trains an ensemble and distils it into one network, beside two networks that show what the
 * distillation is worth: one that learns from a single member, and one that learns from the labels
 * alone. These three have the same seed and as many steps, and differ in their targets only.
 */
public final class Distillation {

  /** The name of the network that learns from the ensemble. */
  public static final String STUDENT = "student";

  /** The name of the network that learns from the first member alone. */
  public static final String SELF_DISTILLED = "self-distilled";

  /** The name of the network that learns from the labels alone. */
  public static final String CONTROL = "control";

  private Distillation() {}

  /** The name of member {@code number}, counted from 1. */
  public static String member(int number) {
    return "member-" + number;
  }

  /**
   * Trains all networks, or goes on where the run directory shows that the run was stopped, with
   * the same bits as if it had not been.
   *
   * @param config what is asked for
   * @param run where everything is written
   * @param progress is told after every step
   * @param interruption asks to stop
   * @return what came of it, which is also in results.json
   * @throws RunConflictException if the directory holds a run with another configuration
   * @throws IllegalArgumentException if the configuration names something that does not exist
   * @throws InterruptedRunException once the interruption was requested and every network that was
   *     in training has its state on the disk
   * @throws IOException if data or files of the run cannot be read or written
   */
  public static DistillationResult run(
      DistillConfig config, RunDirectory run, Progress progress, Interruption interruption)
      throws IOException {
    List<ModelPlan> plans = plans(config);
    return run(config, plans, ImageRun.open(run, config.training()), run, progress, interruption);
  }

  static DistillationResult run(
      DistillConfig config,
      List<ModelPlan> plans,
      ImageRun images,
      RunDirectory run,
      Progress progress,
      Interruption interruption)
      throws IOException {
    images.train(config, plans, config.parallelModels(), progress, interruption);
    return new DistillationOutcome(config, images, run).write(interruption);
  }

  /** Every network of the run, each after its teachers. */
  static List<ModelPlan> plans(DistillConfig config) {
    List<String> members =
        IntStream.rangeClosed(1, config.members()).mapToObj(Distillation::member).toList();
    List<ModelPlan> plans = new ArrayList<>();
    for (int number = 1; number <= config.members(); number++) {
      plans.add(new ModelPlan(member(number), config.member(number), Targets.LABELS));
    }
    TrainingConfig student = config.student();
    plans.add(new ModelPlan(STUDENT, student, soft(config, members)));
    plans.add(new ModelPlan(SELF_DISTILLED, student, soft(config, members.subList(0, 1))));
    plans.add(new ModelPlan(CONTROL, student, Targets.LABELS));
    return plans;
  }

  private static Targets soft(DistillConfig config, List<String> teachers) {
    return new Targets(teachers, config.mean(), config.temperature(), config.alpha());
  }
}
