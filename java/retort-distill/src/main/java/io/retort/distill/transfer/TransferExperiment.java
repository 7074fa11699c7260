package io.retort.distill.transfer;

import io.retort.distill.FinishedModels;
import io.retort.distill.ImageRun;
import io.retort.distill.InterruptedRunException;
import io.retort.distill.Interruption;
import io.retort.distill.MeanKind;
import io.retort.distill.ModelPlan;
import io.retort.distill.Progress;
import io.retort.distill.RunConflictException;
import io.retort.distill.RunDirectory;
import io.retort.distill.Targets;
import io.retort.distill.TrainingConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Trains a teacher and students that learn different parts of what it knows (Tang et al. 2020,
 * "Understanding and Improving Knowledge Distillation"): {@link TransferMethod} says which. The
 * students of one number have one seed and as many steps, and differ in their targets only.
 *
 * <p>Besides what every run leaves there is example-weights.safetensors: {@code omega} [students,
 * training images], what plain distillation weighs each image where its students end (see {@link
 * ExampleWeight}); {@code student} [students, training images], their probabilities of the labels;
 * and {@code teacher} [training images], the teacher's. Both are at the temperature of the
 * distillation.
 */
public final class TransferExperiment {

  /** The name of the network that the students learn from. */
  public static final String TEACHER = "teacher";

  private TransferExperiment() {}

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
  public static TransferResult run(
      TransferConfig config, RunDirectory run, Progress progress, Interruption interruption)
      throws IOException {
    List<ModelPlan> plans = plans(config);
    ImageRun images = ImageRun.open(run, config.training());
    images.train(config, plans, config.parallelModels(), progress, interruption);
    try (FinishedModels finished = images.finished(interruption)) {
      return new TransferOutcome(config, finished, run).write();
    }
  }

  /** The teacher, and all students of the first seed before those of the next. */
  static List<ModelPlan> plans(TransferConfig config) {
    List<ModelPlan> plans = new ArrayList<>();
    plans.add(new ModelPlan(TEACHER, config.teacher(), Targets.LABELS));
    for (int number = 1; number <= config.seeds(); number++) {
      for (TransferMethod method : TransferMethod.values()) {
        plans.add(plan(config, method, number));
      }
    }
    return plans;
  }

  private static ModelPlan plan(TransferConfig config, TransferMethod method, int number) {
    boolean smooth = method == TransferMethod.LABEL_SMOOTHING;
    TrainingConfig student =
        config.student(number).withLabelSmoothing(smooth ? config.labelSmoothing() : 0);
    return new ModelPlan(method.network(number), student, targets(config, method));
  }

  private static Targets targets(TransferConfig config, TransferMethod method) {
    return method.isTaught()
        ? new Targets(
            List.of(TEACHER),
            MeanKind.LOGITS,
            config.temperature(),
            config.alpha(),
            method.transform(config))
        : Targets.LABELS;
  }
}
