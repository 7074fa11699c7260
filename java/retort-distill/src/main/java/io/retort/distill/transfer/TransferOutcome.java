package io.retort.distill.transfer;

import io.retort.distill.FinishedModels;
import io.retort.distill.RunDirectory;
import io.retort.distill.TestLogits;
import io.retort.distill.targets.ClassSimilarity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Measures the finished networks of {@link TransferExperiment}. */
final class TransferOutcome {

  private final TransferConfig config;
  private final FinishedModels finished;
  private final RunDirectory run;
  private final int[] labels;

  TransferOutcome(TransferConfig config, FinishedModels finished, RunDirectory run) {
    this.config = config;
    this.finished = finished;
    this.run = run;
    this.labels = finished.testLabels();
  }

  /** Writes results.json and example-weights.safetensors. */
  TransferResult write() throws IOException {
    TestLogits teacher = finished.test(TransferExperiment.TEACHER);
    ClassSimilarity similarity = finished.classSimilarity(TransferExperiment.TEACHER);
    List<TransferResult.Method> methods = new ArrayList<>();
    for (TransferMethod method : TransferMethod.values()) {
      List<TransferResult.Network> networks = new ArrayList<>();
      for (String student : students(method)) {
        networks.add(network(finished.test(student), teacher, similarity));
      }
      methods.add(new TransferResult.Method(method, networks));
    }
    TransferResult result =
        new TransferResult(
            config,
            network(teacher, teacher, similarity),
            optimum(teacher, similarity),
            methods,
            weights());
    run.writeResult(result);
    return result;
  }

  private List<String> students(TransferMethod method) {
    return IntStream.rangeClosed(1, config.seeds()).mapToObj(method::network).toList();
  }

  private TransferResult.Network network(
      TestLogits network, TestLogits teacher, ClassSimilarity similarity) {
    return new TransferResult.Network(
        network.name(),
        network.training().seed(),
        network.metrics(labels),
        geometry(network.logits(), teacher, similarity));
  }

  private LogitGeometry optimum(TestLogits teacher, ClassSimilarity similarity) {
    if (config.temperature() != 1) {
      return null;
    }
    float[] logits =
        LogitGeometry.optimalLogits(config.alpha(), teacher.logits(), labels, finished.classes());
    return geometry(logits, teacher, similarity);
  }

  private LogitGeometry geometry(float[] logits, TestLogits teacher, ClassSimilarity similarity) {
    return LogitGeometry.of(logits, teacher.logits(), labels, similarity, config.temperature());
  }

  private List<WeightBin> weights() throws IOException {
    ExampleWeights weights =
        ExampleWeights.of(
            config,
            finished.train(students(TransferMethod.KD)),
            finished.train(List.of(TransferExperiment.TEACHER)).get(0),
            finished.trainLabels(),
            finished.classes());
    weights.write(run.exampleWeightsFile());
    return weights.bins();
  }
}
