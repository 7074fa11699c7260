package io.retort.distill.multiview;

import io.retort.distill.Interruption;
import io.retort.distill.RunDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The same experiment with more classes, each a run of its own in a directory {@code classes-K} of
 * the run. The samples of a class stay as many, and a step grows with the classes, so that a
 * class's neurons learn as fast: the mean over all samples leaves each class its share.
 */
final class ClassTrend {

  private final MultiViewConfig config;
  private final Path directory;
  private final Interruption interruption;

  ClassTrend(MultiViewConfig config, Path directory, Interruption interruption) {
    this.config = config;
    this.directory = directory;
    this.interruption = interruption;
  }

  /** What the stage of so many classes is called. */
  static String stage(int classes) {
    return "classes-" + classes;
  }

  /**
   * The configuration of so many classes, with one temperature and without the tangent models,
   * whose kernels grow with the cube of the classes.
   */
  static MultiViewConfig withClasses(MultiViewConfig config, int classes) {
    double factor = (double) classes / config.distribution().classes();
    StudentsConfig students = config.students();
    ContrastsConfig contrasts = config.contrasts();
    return new MultiViewConfig(
        config.distribution().withClasses(classes),
        config.learner().withLearningRate(factor * config.learner().learningRate()),
        config.members(),
        new StudentsConfig(
            students.count(),
            students.steps(),
            "4",
            factor * students.squaredErrorStep(),
            students.oneSided()),
        new ContrastsConfig(
            contrasts.jointNetworks(),
            contrasts.randomFeatures().times(factor),
            TangentConfig.NONE,
            contrasts.mixture().times(factor),
            ""),
        config.seed(),
        config.threads());
  }

  /** The run's own result, then one for each number of classes that was asked for. */
  List<TrendPoint> run(MultiViewResult own, RunStages stages) throws IOException {
    List<TrendPoint> points = new ArrayList<>(List.of(TrendPoint.of(own)));
    for (int classes : config.contrasts().trendClasses()) {
      MultiViewResult result =
          MultiViewExperiment.run(
              withClasses(config, classes),
              RunDirectory.create(directory.resolve(stage(classes))),
              stages.within(stage(classes)),
              interruption);
      stages.finished(stage(classes));
      points.add(TrendPoint.of(result));
    }
    return points;
  }
}
