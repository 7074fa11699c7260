package io.retort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.distill.RunDirectory;
import io.retort.distill.Safetensors;
import io.retort.distill.multiview.MultiViewConfig;
import io.retort.distill.multiview.MultiViewResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The experiments from the command line, in a size that takes no time. */
class ExperimentTest {
  private static final String TINY =
      """
      distribution:
        classes: 3
        dimension: 30
        patches: 8
        other_features: 1.5
        dense_noise: 0.05
        own_weight: {least: 1, most: 1.1}
        train_samples: 40
        test_multi_view_samples: 20
        test_single_view_samples: 30
      learner: {neurons: 2, steps: 20, initial_deviation: 0.2, threshold: 0.5}
      members: 2
      students: {count: 1, steps: 10, temperatures: "1, 4"}
      contrasts:
        joint_networks: 0
        random_features: {features: 0}
        tangent: {steps: 0}
        mixture: {components: 0}
      threads: 1
      """;

  @TempDir Path directory;
  private Path config;

  @BeforeEach
  void writeConfig() throws IOException {
    config = Files.writeString(directory.resolve("tiny.yaml"), TINY);
  }

  private String[] command(Path run, String... more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "experiment",
                "multi-view",
                "--config",
                config.toString(),
                "--output",
                run.toString()));
    words.addAll(List.of(more));
    return words.toArray(String[]::new);
  }

  @Test
  void experimentsAreListed() {
    Outcome outcome = Outcome.of("experiment", "list");

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .contains("multi-view  Why ensembles", "transfer  What of a teacher's knowledge")
        .contains("real  Ensemble, distillation and self-distillation on real images")
        .doesNotContain("list  ")
        .hasLineCount(3);
  }

  @Test
  void withoutAnExperimentThereIsHelp() {
    assertThat(Outcome.of("experiment").out()).contains("multi-view", "list", "--quick");
  }

  @Test
  void experimentShowsProgressAndTablesAndLeavesConfigResultsAndReport() throws IOException {
    Path run = directory.resolve("views");

    Outcome outcome = Outcome.of(command(run, "--seed", "5"));

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.err()).contains("members (1 of 2)", "100 %");
    assertThat(outcome.out())
        .contains("single-view", "ensemble of 2", "distilled: soft targets, T = 4")
        .contains("self-distilled", "Averaged weights", "report: " + run, "time:");
    MultiViewConfig made = RunDirectory.open(run).readConfig(MultiViewConfig.class);
    assertThat(made.seed()).isEqualTo(5);
    assertThat(made.distribution().classes()).isEqualTo(3);
    assertThat(made.distribution().ownWeight().most()).isEqualTo(1.1);
    MultiViewResult result = RunDirectory.open(run).readResult(MultiViewResult.class);
    assertThat(result.config()).isEqualTo(made);
    assertThat(Files.readString(run.resolve("report.html"))).contains("Dark knowledge");
    assertThat(RunDirectory.open(run).readProvenance().command())
        .startsWith("./retort experiment multi-view");
  }

  @Test
  void stoppedExperimentTellsHowToGoOnAndGoesOnToTheSameResult() {
    Path run = directory.resolve("stopped");
    Path whole = directory.resolve("whole");

    Outcome stopped = Outcome.interruptedAt("students", command(run));

    assertThat(stopped.code()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(stopped.err()).contains("  ./retort experiment multi-view").contains(" --resume");

    Outcome resumed =
        Outcome.of("experiment", "multi-view", "--output", run.toString(), "--resume");
    Outcome unbroken = Outcome.of(command(whole));

    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertThat(unbroken.code()).isZero();
    assertThat(run.resolve("results.json")).hasSameBinaryContentAs(whole.resolve("results.json"));
  }

  @Test
  void samplesAreWrittenForOtherPrograms() throws IOException {
    Path run = directory.resolve("data");

    Outcome outcome = Outcome.of(command(run, "--save-data", "--quiet"));

    assertThat(outcome.code()).as(outcome.err()).isZero();
    Safetensors train = Safetensors.read(run.resolve("data/train.safetensors"));
    assertThat(train.tensors().get("patches").shape()).containsExactly(40L, 8L, 30L);
  }

  @Test
  void trendIsDoneInDirectoriesOfItsOwn() {
    Path run = directory.resolve("trend");

    Outcome outcome = Outcome.of(command(run, "--trend", "4"));
    Outcome wrong = Outcome.of(command(directory.resolve("wrong"), "--trend", "many"));

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("Networks, %, of k classes", "k = 4");
    assertThat(run.resolve("classes-4/results.json")).exists();
    assertThat(wrong.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(wrong.err()).contains("trend", "many");
  }

  @Test
  void reportIsWrittenAgain() throws IOException {
    Path run = directory.resolve("again");
    Outcome.of(command(run, "--quiet"));
    String before = Files.readString(run.resolve("report.html"));
    Files.delete(run.resolve("report.html"));

    Outcome outcome = Outcome.of("report", run.toString());

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(run.resolve("report.html")).hasContent(before);
  }

  @Test
  void wrongValuesAreNamedWithTheirPlace() throws IOException {
    Files.writeString(config, "distribution:\n  own_weight: {least: 2, most: 1}\n");

    Outcome wrong = Outcome.of(command(directory.resolve("wrong")));
    Outcome unknown = Outcome.of("experiment", "multi-veiw");

    assertThat(wrong.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(wrong.err()).contains("tiny.yaml, line 2", "most");
    assertThat(unknown.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(unknown.err()).contains("multi-view");
  }

  @Test
  void quickIsAnotherSetOfDefaults() {
    MultiViewConfig quick = MultiViewConfig.quick();
    MultiViewConfig whole = MultiViewConfig.defaults();

    assertThat(quick.members()).isEqualTo(whole.members());
    assertThat(quick.distribution().dimension()).isLessThan(whole.distribution().dimension());
    assertThat(Outcome.of("experiment", "multi-view", "--help").out())
        .contains("--quick", "--save-data", "--resume", "(default: " + whole.members() + ")");
  }
}
