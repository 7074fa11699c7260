package io.retort.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.retort.distill.DistillationResult;
import io.retort.distill.RunDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The main job on real images, in a process of its own as a user starts it, made small. */
class QuickstartInSmallTest {
  private static final Path FASHION_MNIST = Path.of("/usr/share/datasets/fashion-mnist");

  @TempDir static Path directory;
  private static Path run;
  private static String printed;

  @BeforeAll
  static void distil() throws Exception {
    assumeTrue(Files.isDirectory(FASHION_MNIST), "ci/bootstrap installs Fashion-MNIST");
    run = directory.resolve("run");
    printed =
        retort(
            "distill",
            "--members",
            "3",
            "--epochs",
            "2",
            "--student-epochs",
            "3",
            "--train-limit",
            "20000",
            "--quiet",
            "--output",
            run.toString());
  }

  private static String retort(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.retort.cli.Main"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private static DistillationResult result() throws IOException {
    return RunDirectory.open(run).readResult();
  }

  @Test
  void theEnsembleIsMoreAccurateThanItsMembersAreOnAverage() throws IOException {
    assertThat(result().ensembleOfLogits().accuracy())
        .isGreaterThan(result().memberAccuracyMean() + 0.003);
    assertThat(result().ensembleOfProbabilities().accuracy())
        .isGreaterThan(result().memberAccuracyMean() + 0.003);
  }

  @Test
  void everyNetworkLearnsRealImages() throws IOException {
    assertThat(result().memberAccuracyMean()).isGreaterThan(0.85);
    assertThat(result().student().metrics().accuracy()).isGreaterThan(0.85);
    assertThat(result().control().metrics().accuracy()).isGreaterThan(0.85);
  }

  @Test
  void theStudentAgreesMoreWithTheEnsembleThanItsControlDoes() throws IOException {
    assertThat(result().student().agreementWithEnsemble())
        .isGreaterThan(result().control().agreementWithEnsemble());
  }

  @Test
  void theTableAndTheReportAreThere() throws IOException {
    assertThat(printed).contains("ensemble of logits", "student", "self-distilled", "control");
    assertThat(Files.readString(run.resolve("report.html")))
        .contains("<html")
        .doesNotContain("src=\"http");
  }

  @Test
  void modelFilesAreEvaluatedToTheSameAccuracy() throws Exception {
    String evaluation =
        retort("evaluate", run.resolve("checkpoints/student.safetensors").toString());

    assertThat(evaluation)
        .contains(
            String.format(
                java.util.Locale.ROOT, "%.2f %%", 100 * result().student().metrics().accuracy()));
  }
}
