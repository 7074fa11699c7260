package io.retort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.distill.RunDirectory;
import io.retort.distill.real.RealConfig;
import io.retort.distill.real.RealMethod;
import io.retort.distill.real.RealResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code retort experiment real} on tiny images, from the command line to the report. */
class RealTest {
  @TempDir static Path data;
  @TempDir Path directory;

  @BeforeAll
  static void writeImages() throws IOException {
    TinyImages.write(data);
  }

  private static String[] command(Path run, String... more) {
    List<String> words = new ArrayList<>(List.of("experiment", "real", "--output", run.toString()));
    words.addAll(List.of("--data", "mnist", "--data-dir", data.toString(), "--device", "cpu"));
    words.addAll(List.of("--architecture", "mlp-16", "--epochs", "1", "--student-epochs", "2"));
    words.addAll(List.of("--batch-size", "16", "--threads", "1", "--members", "2"));
    // One at a time, so that it is known which network is trained when.
    words.addAll(List.of("--seeds", "2", "--joint", "2", "--parallel", "1"));
    words.addAll(List.of(more));
    return words.toArray(String[]::new);
  }

  @Test
  void experimentShowsTheTableAndLeavesConfigResultsAndReport() throws IOException {
    Path run = directory.resolve("real");

    Outcome outcome = Outcome.of(command(run, "--temperature", "2"));

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.err()).contains("member-1 (1 of 9)", "joint (3 of 9)", "100 %");
    assertThat(outcome.out())
        .contains("single network", "ensemble of 2", "mean of 2 trained as one", "+-")
        .contains("distilled from the ensemble of 2", "report: " + run, "time:");
    RealConfig made = RunDirectory.open(run).readConfig(RealConfig.class);
    RealResult result = RunDirectory.open(run).readResult(RealResult.class);
    assertThat(result.config()).isEqualTo(made);
    assertThat(made.temperature()).isEqualTo(2);
    assertThat(result.of(RealMethod.DISTILLED).networks()).hasSize(2);
    assertThat(Files.readString(run.resolve("report.html"))).contains("Ensembles by size");
  }

  @Test
  void stoppedExperimentTellsHowToGoOnAndGoesOnToTheSameResult() {
    Path run = directory.resolve("stopped");
    Path whole = directory.resolve("whole");

    Outcome stopped = Outcome.interruptedAt("joint", command(run));

    assertThat(stopped.code()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(stopped.err()).contains("  ./retort experiment real").contains(" --resume");

    Outcome resumed = Outcome.of("experiment", "real", "--output", run.toString(), "--resume");
    Outcome unbroken = Outcome.of(command(whole));

    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertThat(unbroken.code()).isZero();
    assertThat(run.resolve("results.json")).hasSameBinaryContentAs(whole.resolve("results.json"));
  }

  @Test
  void wrongValuesAreNamed() {
    Outcome joint = Outcome.of(command(directory.resolve("a"), "--joint", "-1"));
    Outcome both = Outcome.of(command(directory.resolve("b"), "--quick", "--cifar-10"));

    assertThat(joint.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(joint.err()).contains("--joint", "-1");
    assertThat(both.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(both.err()).contains("--quick", "--cifar-10");
  }

  @Test
  void helpHasTheDefaults() {
    assertThat(Outcome.of("experiment", "real", "--help").out())
        .contains("--quick", "--cifar-10", "--cifar-100", "--members", "--seeds", "--joint")
        .contains("--resume", "(default: " + RealConfig.defaults().members() + ")");
  }
}
