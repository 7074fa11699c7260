package io.retort.distill;

import io.retort.distill.check.Require;
import java.util.Objects;

/**
 * An ensemble and its distillation into one network (Hinton, Vinyals and Dean 2015, "Distilling the
 * Knowledge in a Neural Network").
 *
 * @param training how every network is trained; its seed s gives member k the seed s + k
 * @param members how many networks the ensemble has
 * @param mean what the members are averaged as to make soft targets
 * @param temperature T, by which logits are divided, finite and above 0
 * @param alpha weight of the soft targets, in [0, 1]; the labels weigh 1 - alpha
 * @param studentArchitecture the student's network; null for that of the members
 * @param studentEpochs passes over the training images of the student, the self-distilled student
 *     and the control; 0 for as many as the members
 * @param parallelModels how many networks train at the same time, each with its share of the
 *     threads; 0 for what suits the device, see {@link ImageRun#train}. Never changes the result
 */
public record DistillConfig(
    TrainingConfig training,
    int members,
    MeanKind mean,
    double temperature,
    double alpha,
    String studentArchitecture,
    int studentEpochs,
    int parallelModels) {

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public DistillConfig {
    Objects.requireNonNull(training, "training");
    Objects.requireNonNull(mean, "mean");
    Require.atLeast("members", members, 1);
    Require.positive("temperature", temperature);
    Require.within("alpha", alpha, 0, 1);
    Require.atLeast("studentEpochs", studentEpochs, 0);
    Require.atLeast("parallelModels", parallelModels, 0);
    studentArchitecture = Objects.requireNonNullElse(studentArchitecture, training.architecture());
  }

  /** A student that trains as long as the members, and one network at a time. */
  public DistillConfig(
      TrainingConfig training,
      int members,
      MeanKind mean,
      double temperature,
      double alpha,
      String studentArchitecture) {
    this(training, members, mean, temperature, alpha, studentArchitecture, 0, 1);
  }

  /**
   * Five members on Fashion-MNIST, T = 3, alpha = 0.9, and students that train half as long again
   * as the members: a student goes on gaining where a network on labels alone only overfits.
   */
  public static DistillConfig defaults() {
    return new DistillConfig(TrainingConfig.defaults(), 5, MeanKind.LOGITS, 3, 0.9, null, 12, 0);
  }

  /** How member {@code number}, counted from 1, is trained. */
  public TrainingConfig member(int number) {
    return training.withSeed(networkSeed(number));
  }

  /**
   * How the student, the self-distilled student and the control are trained: one seed for all
   * three, which no member has, and as many steps, so that only their targets differ.
   */
  public TrainingConfig student() {
    return training
        .withSeed(networkSeed(members + 1))
        .withArchitecture(studentArchitecture)
        .withEpochs(studentEpochs == 0 ? training.epochs() : studentEpochs);
  }

  /** Far enough apart that runs of neighbouring seeds share no network. */
  private long networkSeed(int number) {
    return training.seed() * 1000 + number;
  }
}
