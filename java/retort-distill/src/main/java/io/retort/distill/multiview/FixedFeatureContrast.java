package io.retort.distill.multiview;

import io.retort.nn.Device;
import io.retort.nn.IntTensor;
import io.retort.nn.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** An ensemble of models that learn no features, and what is left of its gain in one such model. */
final class FixedFeatureContrast {

  private final Device device;
  private final MultiViewConfig config;
  private final MultiViewData data;
  private final RunStages stages;
  private final Kind kind;
  private int trainings;

  /**
   * One kind of model.
   *
   * @param name what the report calls it
   * @param stage of the run
   * @param steps of every model
   * @param models makes them
   */
  record Kind(String name, String stage, int steps, FixedFeatureModel.Factory models) {}

  FixedFeatureContrast(
      Device device, MultiViewConfig config, MultiViewData data, RunStages stages, Kind kind) {
    this.device = device;
    this.config = config;
    this.data = data;
    this.stages = stages;
    this.kind = kind;
  }

  /** Outputs of one model, or the mean of several. */
  private record Predicted(float[] train, float[] multiView, float[] singleView) {

    static Predicted mean(List<Predicted> all) {
      return new Predicted(
          meanOf(all.stream().map(Predicted::train).toList()),
          meanOf(all.stream().map(Predicted::multiView).toList()),
          meanOf(all.stream().map(Predicted::singleView).toList()));
    }

    private static float[] meanOf(List<float[]> all) {
      float[] mean = new float[all.get(0).length];
      for (float[] one : all) {
        for (int i = 0; i < mean.length; i++) {
          mean[i] += one[i] / all.size();
        }
      }
      return mean;
    }
  }

  /**
   * Trainings there are: of members, of students by two methods, and one of all members jointly.
   */
  static int trainings(MultiViewConfig config) {
    return config.members() + 2 * config.students().count() + 1;
  }

  Contrast run() {
    int classes = config.distribution().classes();
    List<FixedFeatureModel> models = new ArrayList<>();
    try (IntTensor labels = device.integers(data.train().count());
        Objective ofLabels = KernelObjective.labels(device, labels);
        Objective jointly =
            new JointObjective(
                device, KernelObjective.labels(device, labels), data.train().count(), classes)) {
      labels.upload(data.train().labels());
      List<FixedFeatureModel> members = models(config::memberSeed, config.members(), models);
      List<Predicted> alone = oneByOne(members, ofLabels);
      Predicted joint = Predicted.mean(trained(members, jointly));
      List<FixedFeatureModel> students =
          models(config::studentSeed, config.students().count(), models);
      Predicted ensemble = Predicted.mean(alone);
      return new Contrast(
          kind.name(),
          "the ensemble gains, but one model cannot take the gain from it; trained jointly, the mean"
              + " does as well",
          "accuracy on the mixed distribution",
          List.of(
              Contrast.Row.of("members", accuracies(alone)),
              Contrast.Row.of("ensemble of " + alone.size(), mixed(ensemble)),
              Contrast.Row.of(
                  "distilled from it, squared error",
                  accuracies(distilled(students, ensemble, classes))),
              Contrast.Row.of("students of the labels", accuracies(oneByOne(students, ofLabels))),
              Contrast.Row.of("trained jointly", mixed(joint))));
    } finally {
      models.forEach(FixedFeatureModel::close);
    }
  }

  /** A seed of a model by its number. */
  @FunctionalInterface
  private interface Seeds {
    long of(int number);
  }

  /** Makes models, and adds them to those to be closed. */
  private List<FixedFeatureModel> models(Seeds seeds, int count, List<FixedFeatureModel> opened) {
    for (int number = 0; number < count; number++) {
      stages.begin(kind.stage(), trainings);
      opened.add(kind.models().create(seeds.of(number)));
    }
    return List.copyOf(opened.subList(opened.size() - count, opened.size()));
  }

  private List<Predicted> distilled(
      List<FixedFeatureModel> students, Predicted ensemble, int classes) {
    try (Tensor teacher = device.tensor(data.train().count(), classes);
        Objective squaredError = KernelObjective.squaredError(device, teacher)) {
      teacher.upload(ensemble.train());
      return oneByOne(students, squaredError);
    }
  }

  /** What models predict that have been trained alone. */
  private List<Predicted> oneByOne(List<FixedFeatureModel> models, Objective objective) {
    return models.stream().flatMap(model -> trained(List.of(model), objective).stream()).toList();
  }

  /** What models predict that an objective binds together, trained from nothing. */
  private List<Predicted> trained(List<FixedFeatureModel> models, Objective objective) {
    stages.begin(kind.stage(), trainings++);
    models.forEach(FixedFeatureModel::reset);
    List<float[]> onTrain =
        FixedFeatureModel.train(
            device,
            models,
            objective,
            kind.steps(),
            data.train().count(),
            config.distribution().classes());
    List<Predicted> predicted = new ArrayList<>();
    for (int m = 0; m < models.size(); m++) {
      predicted.add(
          new Predicted(
              onTrain.get(m),
              models.get(m).predict(data.testMultiView()),
              models.get(m).predict(data.testSingleView())));
    }
    return predicted;
  }

  private double[] accuracies(List<Predicted> models) {
    ToDoubleFunction<Predicted> accuracy = this::mixed;
    return models.stream().mapToDouble(accuracy).toArray();
  }

  private double mixed(Predicted predicted) {
    return Accuracy.of(
            predicted.multiView(),
            predicted.singleView(),
            data,
            config.distribution().singleViewFraction())
        .mixed();
  }
}
