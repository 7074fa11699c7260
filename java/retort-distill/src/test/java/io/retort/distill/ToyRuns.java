package io.retort.distill;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Runs on {@link ToyImages} that take a moment. */
public final class ToyRuns {

  public static final int BATCH = 32;

  /** Ten epochs of six steps. */
  public static TrainingConfig training() {
    return new TrainingConfig(
        DataConfig.of("mnist"),
        "mlp-24",
        10,
        BATCH,
        OptimizerConfig.sgd(),
        ScheduleConfig.oneCycle(0.1),
        0,
        1,
        "cpu",
        "f32",
        1);
  }

  /** Two members of two epochs with batch normalisation, and a student of three. */
  static DistillConfig distillation() {
    TrainingConfig training = training().withArchitecture("cnnbn-4-16").withEpochs(2);
    return new DistillConfig(training, 2, MeanKind.LOGITS, 3, 0.8, "mlp-16", 3, 1);
  }

  private ToyRuns() {}

  static DistillationResult run(
      DistillConfig config, RunData data, Path directory, Progress progress) throws IOException {
    return run(config, data, directory, progress, new Interruption());
  }

  static DistillationResult run(
      DistillConfig config,
      RunData data,
      Path directory,
      Progress progress,
      Interruption interruption)
      throws IOException {
    RunDirectory run = RunDirectory.create(directory);
    return Distillation.run(
        config,
        Distillation.plans(config),
        new ImageRun(run, data, config.training()),
        run,
        progress,
        interruption);
  }

  /** Every file of a run by its name, whole, but for the timings among the metrics. */
  public static Map<String, String> contents(Path directory) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (var files = Files.walk(directory)) {
      files
          .filter(Files::isRegularFile)
          .forEach(file -> contents.put(directory.relativize(file).toString(), content(file)));
    }
    return contents;
  }

  private static String content(Path file) {
    try {
      if (file.endsWith("metrics.jsonl")) {
        return withoutTimings(RunDirectory.open(file.getParent()).metrics());
      }
      return Base64.getEncoder().encodeToString(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String withoutTimings(List<MetricsLine> lines) {
    StringBuilder text = new StringBuilder();
    for (MetricsLine line : lines) {
      text.append(
          new MetricsLine(
              line.model(),
              line.epoch(),
              line.step(),
              line.split(),
              line.loss(),
              line.hard(),
              line.soft(),
              line.accuracy(),
              line.learningRate(),
              0,
              0));
    }
    return text.toString();
  }
}
