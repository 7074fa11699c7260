package io.retort.distill.transfer;

import io.retort.distill.TrainingConfig;
import io.retort.distill.check.Require;
import io.retort.distill.targets.KdSim;
import io.retort.distill.targets.KdTopK;
import io.retort.distill.targets.Mixture;
import java.util.Objects;

/**
 * The experiment: one teacher, and students that learn different parts of what it knows.
 *
 * @param training how every network is trained, without augmentation; its network and its label
 *     smoothing are the teacher's
 * @param studentArchitecture the students' network; null for the teacher's
 * @param studentEpochs passes over the training images of each student; 0 for the teacher's
 * @param seeds how many students learn by each method, each with another seed; the students of one
 *     number have one seed whatever their method
 * @param temperature T, by which the logits of teacher and student are divided, finite and above 0
 * @param alpha weight of the soft targets, in (0, 1]; the labels weigh 1 - alpha
 * @param labelSmoothing probability spread evenly over all classes for the students of {@link
 *     TransferMethod#LABEL_SMOOTHING}, in [0, 1]
 * @param similarityTemperature T_sim of {@link KdSim} and {@link Mixture}, finite and above 0
 * @param topK probabilities that {@link KdTopK} keeps, at least 1
 * @param mixtureShare weight of {@link KdSim} in {@link Mixture}, in [0, 1]
 * @param parallelModels how many networks train at the same time, each with its share of the
 *     threads; 0 for what suits the device, see {@link io.retort.distill.ImageRun#train}. Never
 *     changes the result
 */
public record TransferConfig(
    TrainingConfig training,
    String studentArchitecture,
    int studentEpochs,
    int seeds,
    double temperature,
    double alpha,
    double labelSmoothing,
    double similarityTemperature,
    int topK,
    double mixtureShare,
    int parallelModels) {

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public TransferConfig {
    Objects.requireNonNull(training, "training");
    Require.atLeast("studentEpochs", studentEpochs, 0);
    Require.atLeast("seeds", seeds, 1);
    Require.positive("temperature", temperature);
    Require.within("alpha", alpha, Double.MIN_NORMAL, 1);
    Require.within("labelSmoothing", labelSmoothing, 0, 1);
    Require.positive("similarityTemperature", similarityTemperature);
    Require.atLeast("topK", topK, 1);
    Require.within("mixtureShare", mixtureShare, 0, 1);
    Require.atLeast("parallelModels", parallelModels, 0);
    studentArchitecture = Objects.requireNonNullElse(studentArchitecture, training.architecture());
    if (!training.data().augmentation().equals("none")) {
      throw new IllegalArgumentException(
          "augmentation must be none, because targets belong to images as they are, got "
              + training.data().augmentation());
    }
  }

  /**
   * The quickstart's network on Fashion-MNIST as the student, at its temperature, and a teacher of
   * twice the width. Four students of each method take some seventeen minutes on two cores.
   */
  public static TransferConfig defaults() {
    TrainingConfig training = TrainingConfig.defaults();
    return new TransferConfig(
        training.withArchitecture("cnnbn-32-64-256"),
        training.architecture(),
        0,
        4,
        3,
        0.9,
        0.1,
        0.3,
        3,
        0.5,
        0);
  }

  /**
   * Two students of each method and a sixth of the training images: a first look in about two
   * minutes.
   */
  public static TransferConfig quick() {
    TransferConfig whole = defaults();
    return new TransferConfig(
        whole.training.withData(whole.training.data().withTrainLimit(10_000)),
        whole.studentArchitecture,
        whole.studentEpochs,
        2,
        whole.temperature,
        whole.alpha,
        whole.labelSmoothing,
        whole.similarityTemperature,
        whole.topK,
        whole.mixtureShare,
        whole.parallelModels);
  }

  /** How the teacher is trained. */
  public TrainingConfig teacher() {
    return training.withSeed(networkSeed(0));
  }

  /** How student {@code number} of every method, counted from 1, is trained. */
  public TrainingConfig student(int number) {
    return training
        .withSeed(networkSeed(number))
        .withArchitecture(studentArchitecture)
        .withEpochs(studentEpochs == 0 ? training.epochs() : studentEpochs);
  }

  /** Far enough apart that runs of neighbouring seeds share no network. */
  private long networkSeed(int number) {
    return training.seed() * 1000 + number;
  }
}
