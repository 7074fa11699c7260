package io.retort.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.retort.distill.DistillationResult;
import io.retort.distill.RunDirectory;
import io.retort.nn.TestGpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code retort distill --device cuda}, from the command line to the report. */
class CudaRunTest {
  private static final List<String> NETWORKS =
      List.of("member-1", "member-2", "student", "self-distilled", "control");

  /** Of each network: two epochs of ten. */
  private static final int STEPS = 20;

  @TempDir static Path data;
  @TempDir Path directory;

  private TestGpu gpu;

  @BeforeAll
  static void writeImages() throws IOException {
    TinyImages.write(data);
  }

  @BeforeEach
  void takeTheGpu() {
    assumeTrue(TestGpu.isThere());
    gpu = TestGpu.open();
  }

  @AfterEach
  void giveItBack() {
    if (gpu != null) {
      gpu.close();
    }
  }

  private String[] distill(Path run, String... more) {
    List<String> all = new ArrayList<>(List.of("distill", "--output", run.toString()));
    all.addAll(List.of("--data", "mnist", "--data-dir", data.toString(), "--threads", "2"));
    all.addAll(List.of("--architecture", "cnnbn-4-8-16", "--batch-size", "32"));
    all.addAll(List.of("--members", "2", "--epochs", "2", "--student-epochs", "2"));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32", "bf16"})
  void aRunThatWasStoppedInSeveralNetworksAndResumedLeavesTheSameBits(String precision)
      throws IOException {
    Path whole = directory.resolve("whole");
    Path stopped = directory.resolve("stopped");
    String[] cuda = {"--device", "cuda", "--precision", precision, "--parallel"};

    Outcome one = Outcome.of(distill(whole, words(cuda, "1")));
    Outcome broken = Outcome.interruptedAt("and 1 more", distill(stopped, words(cuda, "2")));
    Outcome resumed = Outcome.of(distill(stopped, words(cuda, "2", "--resume")));

    assertThat(one.code()).as(one.err()).isZero();
    assertThat(one.out()).contains("ensemble of logits", "student", "report: " + whole);
    assertThat(broken.code()).as(broken.err()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(resumed.code()).as(resumed.err()).isZero();
    for (String network : NETWORKS) {
      String file = "checkpoints/" + network + ".safetensors";
      assertThat(stopped.resolve(file)).hasSameBinaryContentAs(whole.resolve(file));
    }
    assertThat(Files.readAllLines(stopped.resolve("metrics.jsonl"))).hasSize(5 * 2 * 2);
    assertThat(RunDirectory.open(stopped).metrics())
        .extracting(line -> line.model() + line.epoch() + line.split() + line.loss())
        .isEqualTo(
            RunDirectory.open(whole).metrics().stream()
                .map(line -> line.model() + line.epoch() + line.split() + line.loss())
                .toList());
  }

  /**
   * A step's gradients are off by some hundred roundings at the worst, and no step doubles that.
   */
  @Test
  void aRunOnCudaComesToTheResultsOfTheProcessor() throws IOException {
    Path cuda = directory.resolve("cuda");
    Path cpu = directory.resolve("cpu");

    assertThat(Outcome.of(distill(cuda, "--device", "cuda", "--quiet")).code()).isZero();
    assertThat(Outcome.of(distill(cpu, "--device", "cpu", "--quiet")).code()).isZero();

    double tolerance = STEPS * 100 * Math.ulp(1f);
    DistillationResult onCuda = RunDirectory.open(cuda).readResult();
    DistillationResult onCpu = RunDirectory.open(cpu).readResult();
    assertThat(onCuda.student().metrics().negativeLogLikelihood())
        .isCloseTo(onCpu.student().metrics().negativeLogLikelihood(), within(tolerance));
    assertThat(onCuda.ensembleOfLogits().negativeLogLikelihood())
        .isCloseTo(onCpu.ensembleOfLogits().negativeLogLikelihood(), within(tolerance));
  }

  @Test
  void aPrecisionThatTheProcessorLacksIsRefusedBeforeTheRunBegins() {
    Path run = directory.resolve("refused");

    Outcome outcome = Outcome.of(distill(run, "--device", "cpu", "--precision", "bf16"));

    assertThat(outcome.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(outcome.err())
        .isEqualTo(
            "retort: precision must be f32 on the CPU, got bf16, which takes a GPU"
                + System.lineSeparator());
    assertThat(run.resolve("config.yaml")).doesNotExist();
  }

  private static String[] words(String[] first, String... more) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }
}
