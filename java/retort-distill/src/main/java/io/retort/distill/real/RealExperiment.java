package io.retort.distill.real;

import io.retort.distill.FinishedModels;
import io.retort.distill.ImageRun;
import io.retort.distill.InterruptedRunException;
import io.retort.distill.Interruption;
import io.retort.distill.ModelPlan;
import io.retort.distill.Progress;
import io.retort.distill.RunConflictException;
import io.retort.distill.RunDirectory;
import io.retort.distill.Targets;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Trains an ensemble, the mean of networks as one network, and students of the ensemble and of its
 * members beside students of the labels alone, on real images (Allen-Zhu and Li 2020, the
 * experiments).
 */
public final class RealExperiment {

  /** The name of the mean that is trained as one network. */
  public static final String JOINT = "joint";

  private RealExperiment() {}

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
  public static RealResult run(
      RealConfig config, RunDirectory run, Progress progress, Interruption interruption)
      throws IOException {
    List<ModelPlan> plans = plans(config);
    ImageRun images = ImageRun.open(run, config.training());
    images.train(config, plans, config.parallelModels(), progress, interruption);
    try (FinishedModels finished = images.finished(interruption)) {
      RealResult result = new RealOutcome(config, images, finished).result();
      run.writeResult(result);
      return result;
    }
  }

  /** The members, the mean, and all students of the first seed before those of the next. */
  static List<ModelPlan> plans(RealConfig config) {
    List<ModelPlan> plans = new ArrayList<>();
    for (int number = 1; number <= config.members(); number++) {
      plans.add(new ModelPlan(member(number), config.member(number), Targets.LABELS));
    }
    if (config.jointNetworks() > 0) {
      plans.add(new ModelPlan(JOINT, config.joint(), Targets.LABELS));
    }
    for (int number = 1; number <= config.seeds(); number++) {
      for (RealMethod method : RealMethod.values()) {
        Targets targets = targets(config, method, number);
        plans.add(new ModelPlan(method.network(number), config.student(number), targets));
      }
    }
    return plans;
  }

  private static Targets targets(RealConfig config, RealMethod method, int number) {
    return switch (method) {
      case CONTROL -> Targets.LABELS;
      case DISTILLED -> soft(config, members(config));
      case SELF_DISTILLED -> soft(config, List.of(member((number - 1) % config.members() + 1)));
    };
  }

  private static Targets soft(RealConfig config, List<String> teachers) {
    return new Targets(teachers, config.mean(), config.temperature(), config.alpha());
  }

  /** The names of all members. */
  static List<String> members(RealConfig config) {
    return IntStream.rangeClosed(1, config.members()).mapToObj(RealExperiment::member).toList();
  }
}
