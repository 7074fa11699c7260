package io.retort.distill;

import io.retort.data.ImageDataset;
import io.retort.kernels.Output;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Judges the finished networks of a distillation by the test images. */
final class DistillationOutcome {

  private final DistillConfig config;
  private final ImageRun images;
  private final RunDirectory run;
  private final int[] labels;

  DistillationOutcome(DistillConfig config, ImageRun images, RunDirectory run) {
    this.config = config;
    this.images = images;
    this.run = run;
    this.labels = RunData.labels(images.data().test());
  }

  /** Writes results.json and predictions.json. */
  DistillationResult write(Interruption interruption) throws IOException {
    try (FinishedModels finished = images.finished(interruption)) {
      List<TestLogits> models = new ArrayList<>();
      for (ModelPlan plan : Distillation.plans(config)) {
        models.add(finished.test(plan.name()));
      }
      List<float[]> members =
          models.subList(0, config.members()).stream().map(TestLogits::logits).toList();
      DistillationResult result = result(models, members, finished);
      run.writePredictions(album(members, models.get(config.members()).logits(), finished));
      run.writeResult(result);
      return result;
    }
  }

  private DistillationResult result(
      List<TestLogits> models, List<float[]> members, FinishedModels finished) {
    float[] ensemble = finished.mean(members, config.mean());
    List<ModelResult> results =
        models.stream().map(model -> model.result(model.name(), labels, ensemble)).toList();
    int k = config.members();
    Spread accuracies =
        Spread.of(
            results.subList(0, k).stream().mapToDouble(r -> r.metrics().accuracy()).toArray());
    return new DistillationResult(
        config,
        images.steps(config.training()),
        images.steps(config.student()),
        results.subList(0, k),
        accuracies.mean(),
        accuracies.deviation(),
        metrics(finished.mean(members, MeanKind.LOGITS)),
        metrics(finished.mean(members, MeanKind.PROBABILITIES)),
        results.get(k),
        results.get(k + 1),
        results.get(k + 2));
  }

  private Metrics metrics(float[] logits) {
    return Metrics.of(logits, labels, images.data().classes());
  }

  private Prediction.Album album(List<float[]> members, float[] student, FinishedModels finished) {
    float[] soft = soft(members, finished);
    float[] ofStudent = soft(List.of(student), finished);
    List<Prediction> predictions =
        AlbumChoice.of(soft, labels, images.data().classes()).stream()
            .map(image -> prediction(image, soft, ofStudent))
            .toList();
    return new Prediction.Album(images.data().test().classNames(), predictions);
  }

  private Prediction prediction(int image, float[] soft, float[] student) {
    ImageDataset test = images.data().test();
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
    return Arrays.copyOfRange(
        matrix, row * images.data().classes(), (row + 1) * images.data().classes());
  }

  private float[] soft(List<float[]> members, FinishedModels finished) {
    return finished.mean(members, config.mean(), config.temperature(), Output.PROBABILITIES);
  }
}
