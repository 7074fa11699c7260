package io.retort.distill.multiview;

import io.retort.distill.check.Require;
import java.util.Objects;

/**
 * The whole experiment.
 *
 * @param distribution what the samples are drawn from
 * @param learner what learns
 * @param members networks of the ensemble
 * @param students networks that learn from it
 * @param contrasts what it is set against
 * @param seed decides all samples and all first weights
 * @param threads threads of the processor; 0 for one a processor. Never changes the result
 */
public record MultiViewConfig(
    DistributionConfig distribution,
    LearnerConfig learner,
    int members,
    StudentsConfig students,
    ContrastsConfig contrasts,
    long seed,
    int threads) {

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public MultiViewConfig {
    Objects.requireNonNull(distribution, "distribution");
    Objects.requireNonNull(learner, "learner");
    Require.atLeast("members", members, 1);
    Objects.requireNonNull(students, "students");
    Objects.requireNonNull(contrasts, "contrasts");
    Require.atLeast("threads", threads, 0);
    Require.within("students.count", students.count(), 1, members);
    Require.within("contrasts.jointNetworks", contrasts.jointNetworks(), 0, members);
  }

  /**
   * The one-sided distillation, whose pull falls with the steps. Nothing ends it once both sides of
   * it are above the threshold, so that outputs run away; what counts is pull times learning rate
   * times steps, and 1,000 is best. Of 46 settings (threshold 0.25 to 1, scale 0.5 to 2, pull 0.05
   * to 4, 400 and 600 steps of 5, in 500 dimensions) this one reached 80.5 % of single-view
   * samples, pulls of 0.05 no more than the labels' 67 %, and pulls of 4 46.7 to 72.2 %, with
   * outputs of up to 4,800 for 9.
   */
  private static OneSidedConfig oneSided(LearnerConfig learner, int steps) {
    return new OneSidedConfig(0.5, 1, 1000 / (learner.learningRate() * steps));
  }

  /**
   * Twenty networks, and three students of each method, which takes a quarter of an hour. Of each
   * view about half the networks know it, by chance; among twenty none is left to two or three of
   * them, among ten one in twenty is. The tangent models end at the same accuracies at a rate of 5
   * in 400 steps and of 50 in 400.
   */
  public static MultiViewConfig defaults() {
    return new MultiViewConfig(
        DistributionConfig.defaults(),
        LearnerConfig.defaults(),
        20,
        new StudentsConfig(3, 750, "1, 2, 4, 10", 4, oneSided(LearnerConfig.defaults(), 750)),
        new ContrastsConfig(
            4,
            new RandomFeaturesConfig(1000, 5, 400),
            new TangentConfig(20, 100),
            new MixtureConfig(2, 100, 3, 1000, 2000, 1500),
            ""),
        0,
        0);
  }

  /**
   * The same in half the dimensions with as much noise in a patch, and one student of each method
   * on a shorter course: a first look in two to three minutes.
   */
  public static MultiViewConfig quick() {
    MultiViewConfig whole = defaults();
    StudentsConfig students = whole.students();
    return new MultiViewConfig(
        whole.distribution().withDimension(whole.distribution().dimension() / 2),
        whole.learner(),
        whole.members(),
        new StudentsConfig(
            1, 400, "1, 4", students.squaredErrorStep(), oneSided(whole.learner(), 400)),
        new ContrastsConfig(
            0,
            new RandomFeaturesConfig(500, 5, 400),
            whole.contrasts().tangent(),
            whole.contrasts().mixture(),
            ""),
        whole.seed(),
        whole.threads());
  }

  /**
   * The same with a trend.
   *
   * @param trend numbers of classes, with commas between them
   * @throws IllegalArgumentException if it is no such list
   */
  public MultiViewConfig withTrend(String trend) {
    return new MultiViewConfig(
        distribution,
        learner,
        members,
        students,
        new ContrastsConfig(
            contrasts.jointNetworks(),
            contrasts.randomFeatures(),
            contrasts.tangent(),
            contrasts.mixture(),
            trend),
        seed,
        threads);
  }

  /** How many threads that are. */
  public int threadCount() {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /** The seed of a member's first weights, counted from 0; no student has it. */
  long memberSeed(int member) {
    return 2 * (seed * 1_000_003 + member);
  }

  /** The seed of a student's first weights, counted from 0. */
  long studentSeed(int student) {
    return memberSeed(student) + 1;
  }
}
