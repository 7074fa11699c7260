package io.retort.distill.multiview;

/** Every part of the experiment, in a size that takes no time and shows nothing. */
final class TinyExperiment {

  private TinyExperiment() {}

  static DistributionConfig distribution() {
    return new DistributionConfig(
        3,
        30,
        8,
        1,
        1.5,
        0.3,
        0,
        0.05,
        new Range(1, 1.2),
        new Range(0.3, 0.4),
        new Range(0.1, 0.2),
        new Range(0.5, 0.6),
        40,
        30,
        60);
  }

  static LearnerConfig learner() {
    return new LearnerConfig(2, 3, 0.5, 0.2, 1, 5);
  }

  static MultiViewConfig config() {
    return new MultiViewConfig(
        distribution(),
        learner(),
        3,
        new StudentsConfig(2, 6, "1, 4", 2, new OneSidedConfig(0.5, 1, 1)),
        new ContrastsConfig(
            2,
            new RandomFeaturesConfig(8, 1, 3),
            new TangentConfig(1, 3),
            new MixtureConfig(2, 10, 1, 30, 20, 4),
            "4"),
        7,
        2);
  }
}
