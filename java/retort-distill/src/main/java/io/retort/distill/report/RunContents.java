package io.retort.distill.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.retort.distill.DistillConfig;
import io.retort.distill.DistillationResult;
import io.retort.distill.Prediction;
import io.retort.distill.Provenance;
import io.retort.distill.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * All that a run has to show.
 *
 * @param name the directory's name
 * @param config config.yaml as it is
 * @param distillation the same as a record; null if the run trains one network
 * @param curves one a model; empty if nothing was measured yet
 * @param result null if there is none yet
 * @param album null if there is none yet
 * @param provenance null if not known
 */
record RunContents(
    String name,
    JsonNode config,
    DistillConfig distillation,
    List<LearningCurve> curves,
    DistillationResult result,
    Prediction.Album album,
    Provenance provenance) {

  static RunContents read(RunDirectory run) throws IOException {
    JsonNode config = new YAMLMapper().readTree(run.configFile().toFile());
    return new RunContents(
        run.path().toAbsolutePath().normalize().getFileName().toString(),
        config,
        config.has("members") ? run.readConfig(DistillConfig.class) : null,
        LearningCurve.of(run.metrics()),
        ifThere(run.resultsFile(), run::readResult),
        ifThere(run.predictionsFile(), run::readPredictions),
        ifThere(run.provenanceFile(), run::readProvenance));
  }

  /** Epochs every network is to be trained; 0 for not known. */
  int epochs() {
    return (distillation == null ? config : config.path("training")).path("epochs").asInt();
  }

  /** Reads a file of the run. */
  @FunctionalInterface
  private interface Reader<T> {
    T read() throws IOException;
  }

  private static <T> T ifThere(Path file, Reader<T> reader) throws IOException {
    return Files.exists(file) ? reader.read() : null;
  }
}
