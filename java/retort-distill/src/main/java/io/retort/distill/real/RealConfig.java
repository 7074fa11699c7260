package io.retort.distill.real;

import io.retort.distill.DataConfig;
import io.retort.distill.DistillConfig;
import io.retort.distill.MeanKind;
import io.retort.distill.OptimizerConfig;
import io.retort.distill.ScheduleConfig;
import io.retort.distill.TrainingConfig;
import io.retort.distill.check.Require;
import java.util.Objects;

/**
 * The experiment: an ensemble, the mean of as many networks trained as one, and students.
 *
 * @param training how every network is trained; its seed s gives member k the seed 1000 s + k
 * @param members how many networks the ensemble has
 * @param mean what members are averaged as, to make soft targets and to predict
 * @param temperature T, by which logits are divided, finite and above 0
 * @param alpha weight of the soft targets, in [0, 1]; the labels weigh 1 - alpha
 * @param studentEpochs passes over the training images of every student and control; 0 for as many
 *     as the members
 * @param seeds how many students learn from the ensemble, from a single member and from the labels
 *     alone; those of one number have one seed, whatever they learn from
 * @param jointNetworks networks whose mean is trained as one; 0 leaves it out. All lie in the
 *     device's memory at once
 * @param jointRate what the members' learning rate is multiplied by for that mean; 0 for as many as
 *     it has networks, see {@link #joint}
 * @param parallelModels how many networks train at the same time, each with its share of the
 *     threads; 0 for what suits the device, see {@link io.retort.distill.ImageRun#train}. Never
 *     changes the result
 */
public record RealConfig(
    TrainingConfig training,
    int members,
    MeanKind mean,
    double temperature,
    double alpha,
    int studentEpochs,
    int seeds,
    int jointNetworks,
    double jointRate,
    int parallelModels) {

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public RealConfig {
    Objects.requireNonNull(training, "training");
    Require.atLeast("members", members, 1);
    Objects.requireNonNull(mean, "mean");
    Require.positive("temperature", temperature);
    Require.within("alpha", alpha, 0, 1);
    Require.atLeast("studentEpochs", studentEpochs, 0);
    Require.atLeast("seeds", seeds, 1);
    Require.atLeast("jointNetworks", jointNetworks, 0);
    Require.notNegative("jointRate", jointRate);
    Require.atLeast("parallelModels", parallelModels, 0);
  }

  /**
   * Ten networks of the quickstart on Fashion-MNIST, and five students of each kind: some 35
   * minutes on two idle cores.
   */
  public static RealConfig defaults() {
    DistillConfig quickstart = DistillConfig.defaults();
    return new RealConfig(
        quickstart.training(),
        10,
        quickstart.mean(),
        quickstart.temperature(),
        quickstart.alpha(),
        quickstart.studentEpochs(),
        5,
        10,
        0,
        quickstart.parallelModels());
  }

  /**
   * Four members, two students of each kind and a sixth of the training images: a first look in
   * about two minutes.
   */
  public static RealConfig quick() {
    RealConfig whole = defaults();
    return new RealConfig(
        whole.training.withData(whole.training.data().withTrainLimit(10_000)),
        4,
        whole.mean,
        whole.temperature,
        whole.alpha,
        whole.studentEpochs,
        2,
        4,
        whole.jointRate,
        whole.parallelModels);
  }

  /** CIFAR-10 with ResNet-20, for a GPU. */
  public static RealConfig cifar10() {
    return ofCifar("cifar-10", "resnet-20", 10, 0);
  }

  /**
   * CIFAR-100 with WRN-28-10, as the paper has it, for a GPU, which one such network fills. The
   * mean is of four networks, which fit into a GPU's memory together.
   */
  public static RealConfig cifar100() {
    return ofCifar("cifar-100", "wrn-28-10", 4, 1);
  }

  /**
   * The usual course on these images (Zagoruyko and Komodakis 2016), with a cosine for its steps.
   */
  private static RealConfig ofCifar(
      String dataset, String architecture, int jointNetworks, int parallelModels) {
    TrainingConfig training =
        new TrainingConfig(
            new DataConfig(dataset, "", "standard", 0, 0, 0),
            architecture,
            200,
            128,
            OptimizerConfig.sgd(),
            new ScheduleConfig(ScheduleConfig.Kind.COSINE, 0.1, 0),
            0,
            0,
            "auto",
            "f32",
            0);
    return new RealConfig(
        training, 10, MeanKind.LOGITS, 4, 0.9, 0, 3, jointNetworks, 0, parallelModels);
  }

  /** How member {@code number}, counted from 1, is trained. */
  public TrainingConfig member(int number) {
    return training.withSeed(networkSeed(number));
  }

  /**
   * How the students and the control {@code number}, counted from 1, are trained: one seed, which
   * no member has, and as many steps.
   */
  public TrainingConfig student(int number) {
    return training
        .withSeed(networkSeed(members + number))
        .withEpochs(studentEpochs == 0 ? training.epochs() : studentEpochs);
  }

  /**
   * How the mean is trained. A network in it has 1/n of the gradient on the mean; SGD's rate is n
   * times that of the members, unless {@link #jointRate} says otherwise, so that each takes the
   * steps that it would alone. The decay, which the rate multiplies, falls as the rate rises.
   * Adam's steps are of one size whatever the gradient's.
   */
  public TrainingConfig joint() {
    TrainingConfig joint =
        training
            .withSeed(networkSeed(0))
            .withArchitecture("mean-" + jointNetworks + "-of-" + training.architecture());
    OptimizerConfig optimizer = training.optimizer();
    ScheduleConfig schedule = training.schedule();
    return optimizer.kind() != OptimizerConfig.Kind.SGD
        ? joint
        : joint.withOptimizer(
            new OptimizerConfig(
                optimizer.kind(),
                optimizer.momentum(),
                optimizer.nesterov(),
                optimizer.weightDecay() / jointRateFactor()),
            new ScheduleConfig(
                schedule.kind(), jointRateFactor() * schedule.learningRate(), schedule.warmup()));
  }

  /** What SGD's rate is multiplied by for the mean. */
  public double jointRateFactor() {
    return jointRate == 0 ? jointNetworks : jointRate;
  }

  /** Far enough apart that runs of neighbouring seeds share no network. */
  private long networkSeed(int number) {
    return training.seed() * 1000 + number;
  }
}
