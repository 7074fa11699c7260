package io.retort.distill.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.distill.DataConfig;
import io.retort.distill.InterruptedRunException;
import io.retort.distill.Interruption;
import io.retort.distill.Progress;
import io.retort.distill.RunDirectory;
import io.retort.distill.Safetensors;
import io.retort.distill.Safetensors.FloatTensor;
import io.retort.distill.Spread;
import io.retort.distill.ToyImages;
import io.retort.distill.ToyRuns;
import io.retort.distill.TrainingConfig;
import io.retort.distill.report.Report;
import io.retort.distill.report.TransferTable;
import io.retort.distill.targets.KdTopK;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransferExperimentTest {

  @TempDir static Path images;
  @TempDir static Path whole;
  private static TrainingConfig training;
  private static TransferResult result;

  @TempDir Path directory;

  /** As many probabilities kept as there are classes: KD-topk is then KD. */
  private static TransferConfig config(double temperature, int topK) {
    return new TransferConfig(training, "mlp-16", 1, 2, temperature, 0.8, 0.1, 0.3, topK, 0.5, 2);
  }

  @BeforeAll
  static void runOnceWithoutAPause() throws IOException {
    training =
        ToyRuns.training()
            .withData(ToyImages.write(images))
            .withArchitecture("cnnbn-4-16")
            .withEpochs(2);
    result = run(config(2, 10), whole, Progress.SILENT, new Interruption());
  }

  private static TransferResult run(
      TransferConfig config, Path path, Progress progress, Interruption interruption)
      throws IOException {
    return TransferExperiment.run(config, RunDirectory.create(path), progress, interruption);
  }

  private static float[] weights(String network) throws IOException {
    Map<String, FloatTensor> tensors =
        Safetensors.read(RunDirectory.open(whole).checkpoint(network)).tensors();
    return tensors.values().iterator().next().values();
  }

  @Test
  void everyMethodHasAStudentOfEverySeed() throws IOException {
    assertThat(result.methods()).hasSize(TransferMethod.values().length);
    for (TransferMethod method : TransferMethod.values()) {
      TransferResult.Method students = result.of(method);
      assertThat(students.method()).isEqualTo(method);
      assertThat(students.networks())
          .extracting(TransferResult.Network::name)
          .containsExactly(method.network(1), method.network(2));
      assertThat(students.networks())
          .extracting(TransferResult.Network::seed)
          .containsExactly(1001L, 1002L);
      assertThat(students.gainOver(students)).isEqualTo(new Spread(0, 0));
    }
    assertThat(result.teacher().seed()).isEqualTo(1000);
    assertThat(RunDirectory.open(whole).readResult(TransferResult.class)).isEqualTo(result);
  }

  @Test
  void everyMethodTeachesSomethingElse() throws IOException {
    List<float[]> all = new ArrayList<>();
    for (TransferMethod method : TransferMethod.values()) {
      if (method != TransferMethod.KD_TOPK) {
        all.add(weights(method.network(1)));
      }
    }
    assertThat(all).doesNotHaveDuplicates();
    for (int i = 1; i < all.size(); i++) {
      assertThat(all.get(i)).isNotEqualTo(all.get(0)).isNotEqualTo(all.get(i - 1));
    }
  }

  @Test
  void targetsThatKeepEveryProbabilityTrainTheStudentOfTheLogits() throws IOException {
    float[] kept = weights(TransferMethod.KD_TOPK.network(1));
    float[] logits = weights(TransferMethod.KD.network(1));

    for (int i = 0; i < kept.length; i++) {
      assertThat(kept[i]).isCloseTo(logits[i], within(1e-5f));
    }
  }

  @Test
  void whatDistillationWeighsEveryImageIsKept() throws IOException {
    Map<String, FloatTensor> tensors =
        Safetensors.read(RunDirectory.open(whole).exampleWeightsFile()).tensors();

    assertThat(tensors).containsOnlyKeys("omega", "student", "teacher");
    assertThat(tensors.get("omega").shape()).containsExactly(2L, (long) ToyImages.TRAIN);
    assertThat(tensors.get("student").shape()).containsExactly(2L, (long) ToyImages.TRAIN);
    assertThat(tensors.get("teacher").shape()).containsExactly((long) ToyImages.TRAIN);
    assertThat(result.weights().stream().mapToInt(bin -> bin.examples()).sum())
        .isEqualTo(2 * ToyImages.TRAIN);
  }

  @Test
  void theOptimumIsKnownAtTemperatureOneAlone() throws IOException {
    TransferResult warm = run(config(1, 3), directory, Progress.SILENT, new Interruption());

    assertThat(result.optimum()).isNull();
    assertThat(warm.optimum().slope()).isPositive();
    assertThat(warm.of(TransferMethod.KD_TOPK).method().transform(warm.config()))
        .isEqualTo(new KdTopK(3));
  }

  @Test
  void aStoppedExperimentGoesOnToTheSameBits() throws IOException {
    Interruption interruption = new Interruption();

    assertThatThrownBy(
            () ->
                run(
                    config(2, 10),
                    directory,
                    update -> {
                      if (update.stage().equals(TransferMethod.KD_SIM.network(1))
                          && update.step() == 3) {
                        interruption.request();
                      }
                    },
                    interruption))
        .isInstanceOf(InterruptedRunException.class);
    run(config(2, 10), directory, Progress.SILENT, new Interruption());

    assertThat(ToyRuns.contents(directory)).isEqualTo(ToyRuns.contents(whole));
  }

  @Test
  void theTableAndTheReportHaveEveryMethod() throws IOException {
    String table = TransferTable.format(result);
    String html = Report.html(RunDirectory.open(whole));

    for (TransferMethod method : TransferMethod.values()) {
      assertThat(table).contains("\n" + method.title());
      assertThat(html).contains(method.title());
    }
    assertThat(table).contains("teacher", "+-").matches("\\p{ASCII}*");
    assertThat(html).contains("Logit geometry", "What distillation weighs");
  }

  @Test
  void wrongValuesAreNamed() {
    assertThatThrownBy(() -> config(0, 3)).hasMessageContaining("temperature");
    assertThatThrownBy(() -> config(1, 0)).hasMessageContaining("topK");
    TrainingConfig augmented = training.withData(new DataConfig("mnist", "", "flip", 0, 0, 0));
    assertThatThrownBy(
            () -> new TransferConfig(augmented, "mlp-16", 1, 2, 2, 0.8, 0.1, 0.3, 3, 0.5, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("augmentation");
  }
}
