package io.retort.distill;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The directory of one run:
 *
 * <pre>
 * config.yaml                            what was asked for
 * metrics.jsonl                          one {@link MetricsLine} a line
 * checkpoints/NAME.safetensors           a finished model
 * checkpoints/NAME.state.safetensors     a model in training, with all that is needed to go on
 * results.json                           {@link DistillationResult}
 * predictions.json                       {@link Prediction.Album}
 * example-weights.safetensors            what distillation weighs the training images
 * provenance.json                        {@link Provenance}
 * report.html                            {@link io.retort.distill.report.Report}
 * </pre>
 */
public final class RunDirectory {

  private final Path path;

  private RunDirectory(Path path) {
    this.path = path;
  }

  /** Opens a run, making the directory if there is none. */
  public static RunDirectory create(Path path) throws IOException {
    Files.createDirectories(path.resolve("checkpoints"));
    return new RunDirectory(path);
  }

  /**
   * Opens a run that is there.
   *
   * @throws IOException if the path is no run
   */
  public static RunDirectory open(Path path) throws IOException {
    if (!Files.isRegularFile(path.resolve("config.yaml"))) {
      throw new IOException(path + " is no run: it has no config.yaml");
    }
    return create(path);
  }

  /** The directory itself. */
  public Path path() {
    return path;
  }

  /** Where config.yaml lies. */
  public Path configFile() {
    return path.resolve("config.yaml");
  }

  /** Where metrics.jsonl lies. */
  public Path metricsFile() {
    return path.resolve("metrics.jsonl");
  }

  /** Where results.json lies. */
  public Path resultsFile() {
    return path.resolve("results.json");
  }

  /** Where predictions.json lies. */
  public Path predictionsFile() {
    return path.resolve("predictions.json");
  }

  /** Where example-weights.safetensors lies. */
  public Path exampleWeightsFile() {
    return path.resolve("example-weights.safetensors");
  }

  /** Where provenance.json lies. */
  public Path provenanceFile() {
    return path.resolve("provenance.json");
  }

  /** Where report.html lies. */
  public Path reportFile() {
    return path.resolve("report.html");
  }

  /** Where the finished model of a name lies. */
  public Path checkpoint(String name) {
    return path.resolve("checkpoints").resolve(name + ".safetensors");
  }

  /** Where the model of a name lies while it is trained. */
  public Path state(String name) {
    return path.resolve("checkpoints").resolve(name + ".state.safetensors");
  }

  /** Every checkpoint there is, finished or not. */
  public List<Path> checkpoints() throws IOException {
    try (var files = Files.list(path.resolve("checkpoints"))) {
      return files.filter(file -> file.toString().endsWith(".safetensors")).sorted().toList();
    }
  }

  /** Writes config.yaml: a {@link TrainingConfig} or a {@link DistillConfig}. */
  public void writeConfig(Record config) throws IOException {
    AtomicFile.write(configFile(), Formats.YAML.writeValueAsBytes(config));
  }

  /**
   * Writes config.yaml, or checks that the one that is there asks for the same.
   *
   * @throws RunConflictException if it asks for something that leads to another result
   */
  public void begin(Record config) throws IOException {
    if (Files.exists(configFile())) {
      ConfigConflict.check(this, config);
    } else {
      writeConfig(config);
    }
  }

  /** Reads config.yaml as the given record. */
  public <T extends Record> T readConfig(Class<T> type) throws IOException {
    return readConfig(configFile(), type);
  }

  /** Reads any YAML file as the given record. */
  public static <T extends Record> T readConfig(Path file, Class<T> type) throws IOException {
    return Formats.YAML.readValue(file.toFile(), type);
  }

  /** Writes results.json: a {@link DistillationResult}, or what came of an experiment. */
  public void writeResult(Record result) throws IOException {
    AtomicFile.write(resultsFile(), Formats.JSON.writeValueAsBytes(result));
  }

  /** Reads results.json of a distillation. */
  public DistillationResult readResult() throws IOException {
    return readResult(DistillationResult.class);
  }

  /** Reads results.json as the given record. */
  public <T extends Record> T readResult(Class<T> type) throws IOException {
    return Formats.JSON.readValue(resultsFile().toFile(), type);
  }

  /** Writes predictions.json. */
  public void writePredictions(Prediction.Album album) throws IOException {
    AtomicFile.write(predictionsFile(), Formats.JSON_LINE.writeValueAsBytes(album));
  }

  /** Reads predictions.json. */
  public Prediction.Album readPredictions() throws IOException {
    return Formats.JSON_LINE.readValue(predictionsFile().toFile(), Prediction.Album.class);
  }

  /** Writes provenance.json. */
  public void writeProvenance(Provenance provenance) throws IOException {
    AtomicFile.write(provenanceFile(), Formats.JSON.writeValueAsBytes(provenance));
  }

  /** Reads provenance.json. */
  public Provenance readProvenance() throws IOException {
    return Formats.JSON.readValue(provenanceFile().toFile(), Provenance.class);
  }

  /** Writes report.html. */
  public void writeReport(String html) throws IOException {
    AtomicFile.write(reportFile(), html.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds lines to metrics.jsonl, together, and forces them to the disk. */
  public synchronized void append(MetricsLine... lines) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            metricsFile(),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.APPEND)) {
      AtomicFile.writeFully(channel, ByteBuffer.wrap(text(List.of(lines))));
      channel.force(true);
    }
  }

  /** Reads metrics.jsonl; a last line cut short by a crash is left out. */
  public List<MetricsLine> metrics() throws IOException {
    List<MetricsLine> metrics = new ArrayList<>();
    for (String line : wholeLines()) {
      try {
        metrics.add(Formats.JSON_LINE.readValue(line, MetricsLine.class));
      } catch (JsonProcessingException e) {
        throw new IOException(metricsFile() + ": line " + (metrics.size() + 1) + " is corrupt", e);
      }
    }
    return metrics;
  }

  /** Drops what a model measured after a step: it will be measured again. */
  synchronized void dropMetrics(String model, long afterStep) throws IOException {
    rewriteMetrics(
        metrics().stream()
            .filter(line -> !line.model().equals(model) || line.step() <= afterStep)
            .toList());
  }

  /** Puts the lines in the order of the models; models trained at the same time mix them. */
  synchronized void orderMetrics(List<String> models) throws IOException {
    List<MetricsLine> lines = new ArrayList<>(metrics());
    lines.sort(Comparator.comparingInt(line -> models.indexOf(line.model())));
    rewriteMetrics(lines);
  }

  private void rewriteMetrics(List<MetricsLine> lines) throws IOException {
    AtomicFile.write(metricsFile(), text(lines));
  }

  private static byte[] text(List<MetricsLine> lines) throws IOException {
    StringBuilder text = new StringBuilder();
    for (MetricsLine line : lines) {
      text.append(Formats.JSON_LINE.writeValueAsString(line)).append('\n');
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private List<String> wholeLines() throws IOException {
    if (!Files.exists(metricsFile())) {
      return List.of();
    }
    String text = Files.readString(metricsFile());
    return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
  }
}
