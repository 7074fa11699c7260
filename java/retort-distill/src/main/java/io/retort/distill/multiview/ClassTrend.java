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

  /** The configuration of so many classes, without contrasts and with one temperature. */
  static MultiViewConfig withClasses(MultiViewConfig config, int classes) {
    double factor = (double) classes / config.distribution().classes();
    StudentsConfig students = config.students();
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
        ContrastsConfig.NONE,
        config.seed(),
        config.threads());
  }

  Contrast run(RunStages stages) throws IOException {
    List<Contrast.Row> rows = new ArrayList<>();
    for (int classes : config.contrasts().trendClasses()) {
      MultiViewResult result =
          MultiViewExperiment.run(
              withClasses(config, classes),
              RunDirectory.create(directory.resolve(stage(classes))),
              stages.within(stage(classes)),
              interruption);
      stages.finished(stage(classes));
      addRows(rows, classes, result);
    }
    return new Contrast(
        "More classes",
        "the more classes, the closer a network comes to one view of each, and the ensemble and"
            + " its students to all",
        "accuracy on single-view samples",
        rows);
  }

  private static void addRows(List<Contrast.Row> rows, int classes, MultiViewResult result) {
    String of = classes + " classes: ";
    rows.add(row(of + "members", result.members()));
    rows.add(
        Contrast.Row.of(
            of + "ensemble of " + result.ensemble().size(), result.ensemble().singleView().mean()));
    rows.add(row(of + "control", result.control()));
    for (MethodResult method : result.students()) {
      rows.add(row(of + method.method(), method));
    }
  }

  private static Contrast.Row row(String name, MethodResult method) {
    return Contrast.Row.of(
        name, method.networks().stream().mapToDouble(n -> n.accuracy().singleView()).toArray());
  }
}
