package io.retort.distill;

import io.retort.data.ImageDataset;
import io.retort.distill.check.Require;
import io.retort.kernels.Output;
import io.retort.nn.Device;
import io.retort.nn.DeviceKind;
import io.retort.nn.ImageShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Judges finished models by test images, each alone and all together as an ensemble. */
public final class Evaluation {

  private static final Interruption NEVER = new Interruption();

  private Evaluation() {}

  /**
   * Judges models.
   *
   * @param models model files, at least one; their architectures may differ
   * @param data whose test images are used
   * @param device {@code cpu}, {@code cuda} or {@code auto}
   * @param threads threads of the CPU; 0 for one a processor; never changes the result
   * @param progress is told after each model, which is a stage of one step
   * @return how good each is, in the order of the files, and all together
   * @throws IllegalArgumentException if a model does not fit the data, or there is none
   * @throws Safetensors.FormatException if a file is no model of Retort
   * @throws IOException if a file or the data cannot be read
   */
  public static EvaluationResult run(
      List<Path> models, DataConfig data, String device, int threads, Progress progress)
      throws IOException {
    Require.atLeast("models", models.size(), 1);
    DeviceKind kind = DeviceKind.parse(device);
    List<ModelFile> files = new ArrayList<>();
    for (Path model : models) {
      files.add(ModelFile.read(model));
    }
    ImageDataset test = RunData.openTest(data);
    for (ModelFile file : files) {
      checkFit(file, test);
    }
    try (Device opened = Device.open(kind, threads)) {
      return run(files, test, opened, progress);
    }
  }

  /**
   * The data set that a model learnt, where its file says it lay, with all of its test images.
   *
   * @throws Safetensors.FormatException if the file is no model of Retort
   * @throws IOException if the file cannot be read
   */
  public static DataConfig dataOf(Path model) throws IOException {
    DataConfig learnt = ModelFile.read(model).description().training().data();
    return new DataConfig(learnt.dataset(), learnt.path(), "none", 0, 0, 0);
  }

  private static void checkFit(ModelFile file, ImageDataset test) {
    ModelDescription model = file.description();
    ImageShape shape = RunData.shape(test);
    if (!model.input().equals(shape)) {
      throw new IllegalArgumentException(
          "%s takes images of %s, but those of the data set are %s"
              .formatted(file.path(), model.input(), shape));
    }
    if (!model.classNames().equals(test.classNames())) {
      throw new IllegalArgumentException(
          "%s knows the classes %s, but those of the data set are %s"
              .formatted(file.path(), model.classNames(), test.classNames()));
    }
  }

  private static EvaluationResult run(
      List<ModelFile> files, ImageDataset test, Device device, Progress progress)
      throws IOException {
    List<TestLogits> models = new ArrayList<>();
    for (ModelFile file : files) {
      models.add(TestLogits.of(file, test, device, NEVER));
      progress.report(done(file, models.size(), files.size()));
    }
    int[] labels = RunData.labels(test);
    float[] ofLogits = mean(models, MeanKind.LOGITS, device);
    List<ModelResult> results = new ArrayList<>();
    for (int i = 0; i < models.size(); i++) {
      results.add(models.get(i).result(files.get(i).path().toString(), labels, ofLogits));
    }
    if (models.size() == 1) {
      return new EvaluationResult(results, null, null);
    }
    int classes = test.classNames().size();
    float[] ofProbabilities = mean(models, MeanKind.PROBABILITIES, device);
    return new EvaluationResult(
        results,
        Metrics.of(ofLogits, labels, classes),
        Metrics.of(ofProbabilities, labels, classes));
  }

  private static float[] mean(List<TestLogits> models, MeanKind mean, Device device) {
    List<float[]> logits = models.stream().map(TestLogits::logits).toList();
    int classes = models.get(0).classes();
    return Ensemble.mean(device, logits, classes, mean, 1, Output.LOGITS);
  }

  private static Progress.Update done(ModelFile file, int number, int count) {
    return new Progress.Update(
        file.path().toString(), number, count, 1, 1, Double.NaN, 0, (double) number / count, 1);
  }
}
