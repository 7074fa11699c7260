package io.retort.distill.multiview;

import io.retort.nn.Device;
import io.retort.nn.IntTensor;
import io.retort.nn.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** An ensemble of models that learn no features, and what is left of its gain in one such model. */
final class RandomFeatureContrast {

  private final Device device;
  private final MultiViewConfig config;
  private final MultiViewData data;
  private final String stage;
  private final RunStages stages;
  private int trainings;

  RandomFeatureContrast(
      Device device, MultiViewConfig config, MultiViewData data, String stage, RunStages stages) {
    this.device = device;
    this.config = config;
    this.data = data;
    this.stage = stage;
    this.stages = stages;
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
    try (IntTensor labels = device.integers(data.train().count());
        Objective ofLabels = KernelObjective.labels(device, labels)) {
      labels.upload(data.train().labels());
      List<Predicted> alone = predicted(config::memberSeed, config.members(), ofLabels);
      Predicted ensemble = Predicted.mean(alone);
      return new Contrast(
          "Random features",
          "the ensemble gains, but one model cannot take the gain from it; trained jointly, the mean"
              + " does as well",
          "accuracy on the mixed distribution",
          List.of(
              Contrast.Row.of("members", accuracies(alone)),
              Contrast.Row.of("ensemble of " + alone.size(), mixed(ensemble)),
              Contrast.Row.of(
                  "distilled from it, squared error", accuracies(distilled(ensemble, classes))),
              Contrast.Row.of("students of the labels", accuracies(students(ofLabels))),
              Contrast.Row.of("trained jointly", mixed(joint(labels, classes)))));
    }
  }

  /** A seed of a model by its number. */
  @FunctionalInterface
  private interface Seeds {
    long of(int number);
  }

  private List<RandomFeatureModel> models(Seeds seeds, int count) {
    List<RandomFeatureModel> models = new ArrayList<>();
    for (int number = 0; number < count; number++) {
      models.add(
          new RandomFeatureModel(
              device,
              config.contrasts().randomFeatures(),
              config.distribution().classes(),
              data.train(),
              seeds.of(number)));
    }
    return models;
  }

  /** What models predict that have been trained one by one. */
  private List<Predicted> predicted(Seeds seeds, int count, Objective objective) {
    List<RandomFeatureModel> models = models(seeds, count);
    try {
      for (RandomFeatureModel model : models) {
        stages.begin(stage, trainings++);
        RandomFeatureModel.train(List.of(model), objective);
      }
      return models.stream().map(this::predict).toList();
    } finally {
      models.forEach(RandomFeatureModel::close);
    }
  }

  private List<Predicted> students(Objective objective) {
    return predicted(config::studentSeed, config.students().count(), objective);
  }

  private List<Predicted> distilled(Predicted ensemble, int classes) {
    try (Tensor teacher = device.tensor(data.train().count(), classes);
        Objective squaredError = KernelObjective.squaredError(device, teacher)) {
      teacher.upload(ensemble.train());
      return students(squaredError);
    }
  }

  private Predicted joint(IntTensor labels, int classes) {
    List<RandomFeatureModel> models = models(config::memberSeed, config.members());
    try (Objective joint =
        new JointObjective(
            device, KernelObjective.labels(device, labels), data.train().count(), classes)) {
      stages.begin(stage, trainings++);
      RandomFeatureModel.train(models, joint);
      return Predicted.mean(models.stream().map(this::predict).toList());
    } finally {
      models.forEach(RandomFeatureModel::close);
    }
  }

  private Predicted predict(RandomFeatureModel model) {
    return new Predicted(
        model.trainOutputs(),
        model.predict(data.testMultiView()),
        model.predict(data.testSingleView()));
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
