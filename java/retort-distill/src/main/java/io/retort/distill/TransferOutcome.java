package io.retort.distill;

import io.retort.distill.transfer.ClassSimilarity;
import io.retort.distill.transfer.LogitGeometry;
import io.retort.distill.transfer.TransferConfig;
import io.retort.distill.transfer.TransferMethod;
import io.retort.distill.transfer.TransferResult;
import io.retort.distill.transfer.WeightBin;
import io.retort.nn.Device;
import io.retort.nn.DeviceKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Measures the finished networks of {@link TransferExperiment}. */
final class TransferOutcome {

  private final TransferConfig config;
  private final RunData data;
  private final RunDirectory run;
  private final int[] labels;

  TransferOutcome(TransferConfig config, RunData data, RunDirectory run) {
    this.config = config;
    this.data = data;
    this.run = run;
    this.labels = RunData.labels(data.test());
  }

  /** Writes results.json and example-weights.safetensors. */
  TransferResult write(Interruption interruption) throws IOException {
    TrainingConfig training = config.training();
    try (Device device = Device.open(DeviceKind.parse(training.device()), training.threads())) {
      ModelFile file = ModelFile.read(run.checkpoint(TransferExperiment.TEACHER));
      TestLogits teacher = TestLogits.of(file, data.test(), device, interruption);
      ClassSimilarity similarity = file.classSimilarity();
      List<TransferResult.Method> methods = new ArrayList<>();
      for (TransferMethod method : TransferMethod.values()) {
        List<TransferResult.Network> networks = new ArrayList<>();
        for (int number = 1; number <= config.seeds(); number++) {
          ModelFile student = ModelFile.read(run.checkpoint(method.network(number)));
          TestLogits logits = TestLogits.of(student, data.test(), device, interruption);
          networks.add(network(logits, teacher, similarity));
        }
        methods.add(new TransferResult.Method(method, networks));
      }
      TransferResult result =
          new TransferResult(
              config,
              network(teacher, teacher, similarity),
              optimum(teacher, similarity),
              methods,
              weights(device, interruption));
      run.writeResult(result);
      return result;
    }
  }

  private TransferResult.Network network(
      TestLogits network, TestLogits teacher, ClassSimilarity similarity) {
    return new TransferResult.Network(
        network.model().name(),
        network.model().training().seed(),
        network.metrics(labels),
        geometry(network.logits(), teacher, similarity));
  }

  private LogitGeometry optimum(TestLogits teacher, ClassSimilarity similarity) {
    if (config.temperature() != 1) {
      return null;
    }
    float[] logits =
        LogitGeometry.optimalLogits(config.alpha(), teacher.logits(), labels, data.classes());
    return geometry(logits, teacher, similarity);
  }

  private LogitGeometry geometry(float[] logits, TestLogits teacher, ClassSimilarity similarity) {
    return LogitGeometry.of(logits, teacher.logits(), labels, similarity, config.temperature());
  }

  private List<WeightBin> weights(Device device, Interruption interruption) throws IOException {
    List<String> students =
        IntStream.rangeClosed(1, config.seeds()).mapToObj(TransferMethod.KD::network).toList();
    List<String> names = new ArrayList<>(students);
    names.add(TransferExperiment.TEACHER);
    List<float[]> logits =
        new TeacherLogits(run, data).of(names, device, config.training().batchSize(), interruption);
    ExampleWeights weights =
        ExampleWeights.of(
            config,
            logits.subList(0, students.size()),
            logits.get(students.size()),
            RunData.labels(data.train()),
            data.classes());
    weights.write(run.exampleWeightsFile());
    return weights.bins();
  }
}
