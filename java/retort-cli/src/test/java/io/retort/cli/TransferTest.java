package io.retort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.distill.RunDirectory;
import io.retort.distill.transfer.TransferConfig;
import io.retort.distill.transfer.TransferMethod;
import io.retort.distill.transfer.TransferResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code retort experiment transfer} on tiny images, from the command line to the report. */
class TransferTest {
  @TempDir static Path data;
  @TempDir Path directory;

  @BeforeAll
  static void writeImages() throws IOException {
    TinyImages.write(data);
  }

  private static String[] command(Path run, String... more) {
    List<String> words =
        new ArrayList<>(List.of("experiment", "transfer", "--output", run.toString()));
    words.addAll(List.of("--data", "mnist", "--data-dir", data.toString(), "--device", "cpu"));
    words.addAll(List.of("--architecture", "mlp-24", "--student-architecture", "mlp-16"));
    words.addAll(List.of("--epochs", "1", "--batch-size", "16", "--threads", "1"));
    // One at a time, so that it is known which network is trained when.
    words.addAll(List.of("--seeds", "2", "--parallel", "1"));
    words.addAll(List.of(more));
    return words.toArray(String[]::new);
  }

  @Test
  void experimentShowsTablesAndLeavesConfigResultsWeightsAndReport() throws IOException {
    Path run = directory.resolve("transfer");

    Outcome outcome =
        Outcome.of(
            command(
                run,
                "--top-k=2",
                "--similarity-temperature=0.5",
                "--mixture-share=0.25",
                "--label-smoothing=0.2"));

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.err()).contains("teacher (1 of 15)", "100 %");
    assertThat(outcome.out())
        .contains("labels alone", "label smoothing", "KD-pt", "KD-sim", "KD-topk", "+-")
        .contains("logit gaps", "report: " + run, "time:");
    TransferResult result = RunDirectory.open(run).readResult(TransferResult.class);
    TransferConfig made = RunDirectory.open(run).readConfig(TransferConfig.class);
    assertThat(result.config()).isEqualTo(made);
    assertThat(made.topK()).isEqualTo(2);
    assertThat(made.similarityTemperature()).isEqualTo(0.5);
    assertThat(made.mixtureShare()).isEqualTo(0.25);
    assertThat(made.labelSmoothing()).isEqualTo(0.2);
    assertThat(made.training().labelSmoothing()).isZero();
    assertThat(result.of(TransferMethod.KD).networks()).hasSize(2);
    assertThat(run.resolve("example-weights.safetensors")).isNotEmptyFile();
    assertThat(Files.readString(run.resolve("report.html"))).contains("Logit geometry");
  }

  @Test
  void stoppedExperimentTellsHowToGoOnAndGoesOnToTheSameResult() {
    Path run = directory.resolve("stopped");
    Path whole = directory.resolve("whole");

    Outcome stopped = Outcome.interruptedAt("kd-sim-1", command(run));

    assertThat(stopped.code()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(stopped.err()).contains("  ./retort experiment transfer").contains(" --resume");
    assertThat(run.resolve("results.json")).doesNotExist();

    Outcome report = Outcome.of("report", run.toString());
    Outcome resumed = Outcome.of("experiment", "transfer", "--output", run.toString(), "--resume");
    Outcome unbroken = Outcome.of(command(whole));

    assertThat(report.code()).as(report.err()).isZero();
    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertThat(unbroken.code()).isZero();
    assertThat(run.resolve("results.json")).hasSameBinaryContentAs(whole.resolve("results.json"));
    assertThat(run.resolve("example-weights.safetensors"))
        .hasSameBinaryContentAs(whole.resolve("example-weights.safetensors"));
  }

  @Test
  void wrongValuesAreNamed() {
    Outcome augmented = Outcome.of(command(directory.resolve("a"), "--augmentation", "flip"));
    Outcome share = Outcome.of(command(directory.resolve("b"), "--mixture-share", "2"));

    assertThat(augmented.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(augmented.err()).contains("augmentation", "flip");
    assertThat(share.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(share.err()).contains("--mixture-share", "2");
  }

  @Test
  void helpHasTheDefaults() {
    TransferConfig defaults = TransferConfig.defaults();

    assertThat(Outcome.of("experiment", "transfer", "--help").out())
        .contains(
            "--quick",
            "--seeds",
            "--top-k",
            "--similarity-temperature",
            "--mixture-share",
            "--resume")
        .contains("(default: " + defaults.studentArchitecture() + ")")
        .contains("(default: as many as the teacher)");
  }
}
