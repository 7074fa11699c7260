package io.retort.distill;

import io.retort.data.ImageDataset;
import io.retort.kernels.Output;
import io.retort.nn.Device;
import io.retort.nn.DeviceKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Judges the finished networks of a distillation by the test images. */
final class DistillationOutcome {

  private final DistillConfig config;
  private final RunData data;
  private final RunDirectory run;
  private final int[] labels;

  DistillationOutcome(DistillConfig config, RunData data, RunDirectory run) {
    this.config = config;
    this.data = data;
    this.run = run;
    this.labels = RunData.labels(data.test());
  }

  /** Writes results.json and predictions.json. */
  DistillationResult write(Interruption interruption) throws IOException {
    TrainingConfig training = config.training();
    try (Device device = Device.open(DeviceKind.parse(training.device()), training.threads())) {
      List<TestLogits> models = new ArrayList<>();
      for (ModelPlan plan : Distillation.plans(config)) {
        ModelFile file = ModelFile.read(run.checkpoint(plan.name()));
        models.add(TestLogits.of(file, data.test(), device, interruption));
      }
      List<float[]> members =
          models.subList(0, config.members()).stream().map(TestLogits::logits).toList();
      DistillationResult result = result(models, members, device);
      run.writePredictions(album(members, models.get(config.members()).logits(), device));
      run.writeResult(result);
      return result;
    }
  }

  private DistillationResult result(List<TestLogits> models, List<float[]> members, Device device) {
    float[] ensemble = mean(members, config.mean(), 1, Output.LOGITS, device);
    List<ModelResult> results =
        models.stream().map(model -> model.result(model.model().name(), labels, ensemble)).toList();
    int k = config.members();
    Spread accuracies =
        Spread.of(
            results.subList(0, k).stream().mapToDouble(r -> r.metrics().accuracy()).toArray());
    return new DistillationResult(
        config,
        data.steps(config.training()),
        data.steps(config.student()),
        results.subList(0, k),
        accuracies.mean(),
        accuracies.deviation(),
        metrics(mean(members, MeanKind.LOGITS, 1, Output.LOGITS, device)),
        metrics(mean(members, MeanKind.PROBABILITIES, 1, Output.LOGITS, device)),
        results.get(k),
        results.get(k + 1),
        results.get(k + 2));
  }

  private Metrics metrics(float[] logits) {
    return Metrics.of(logits, labels, data.classes());
  }

  private Prediction.Album album(List<float[]> members, float[] student, Device device) {
    float[] soft = mean(members, config.mean(), config.temperature(), Output.PROBABILITIES, device);
    float[] ofStudent =
        mean(List.of(student), config.mean(), config.temperature(), Output.PROBABILITIES, device);
    List<Prediction> predictions =
        AlbumChoice.of(soft, labels, data.classes()).stream()
            .map(image -> prediction(image, soft, ofStudent))
            .toList();
    return new Prediction.Album(data.test().classNames(), predictions);
  }

  private Prediction prediction(int image, float[] soft, float[] student) {
    ImageDataset test = data.test();
    byte[] bytes = test.pixels(image);
    int[] pixels = IntStream.range(0, bytes.length).map(i -> bytes[i] & 0xff).toArray();
    return new Prediction(
        image,
        labels[image],
        test.height(),
        test.width(),
        test.channels(),
        pixels,
        row(soft, image),
        row(student, image));
  }

  private float[] row(float[] matrix, int row) {
    return Arrays.copyOfRange(matrix, row * data.classes(), (row + 1) * data.classes());
  }

  private float[] mean(
      List<float[]> members, MeanKind mean, double temperature, Output output, Device device) {
    return Ensemble.mean(device, members, data.classes(), mean, temperature, output);
  }
}
