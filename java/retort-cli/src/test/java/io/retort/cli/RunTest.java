package io.retort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.distill.DistillConfig;
import io.retort.distill.RunDirectory;
import io.retort.distill.TrainingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs on tiny images, from the command line to the report. */
class RunTest {
  @TempDir static Path data;
  @TempDir Path directory;

  @BeforeAll
  static void writeImages() throws IOException {
    TinyImages.write(data);
  }

  private String[] command(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--data", "mnist", "--data-dir", data.toString()));
    all.addAll(List.of("--architecture", "mlp-16", "--batch-size", "16", "--threads", "1"));
    all.addAll(List.of("--device", "cpu"));
    return all.toArray(String[]::new);
  }

  private String[] distill(Path run, String... more) {
    List<String> all = new ArrayList<>(List.of("distill", "--output", run.toString()));
    all.addAll(List.of("--members", "2", "--epochs", "1", "--student-epochs", "0"));
    // One at a time, so that it is known which network is trained when.
    all.addAll(List.of("--parallel", "1"));
    all.addAll(List.of(more));
    return command(all.toArray(String[]::new));
  }

  @Test
  void trainingShowsProgressAndResultAndLeavesConfigModelAndReport() throws IOException {
    Path run = directory.resolve("first");

    Outcome outcome =
        Outcome.of(command("train", "--output", run.toString(), "--epochs", "2", "--seed", "7"));

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.err()).contains("step 40 of 40", "loss", "images/s", "100 %");
    assertThat(outcome.out()).contains("accuracy", "mlp-16", "report: " + run, "time:");
    assertThat(run.resolve("report.html")).isNotEmptyFile();
    assertThat(run.resolve("checkpoints/model.safetensors")).isNotEmptyFile();
    TrainingConfig config = RunDirectory.open(run).readConfig(TrainingConfig.class);
    assertThat(config.seed()).isEqualTo(7);
    assertThat(config.epochs()).isEqualTo(2);
  }

  @Test
  void distillingTellsOfEveryModelAndNotesWhereTheRunWasMade() throws IOException {
    Path run = directory.resolve("two");

    Outcome outcome = Outcome.of(distill(run));

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.err()).contains("member-1 (1 of 5)", "100 %");
    assertThat(outcome.out())
        .contains("member-1", "member-2", "ensemble of logits", "student", "self-distilled")
        .contains("control", "report: " + run);
    var provenance = RunDirectory.open(run).readProvenance();
    assertThat(provenance.command()).startsWith("./retort distill --output " + run);
    assertThat(provenance.seconds()).isPositive();
    assertThat(provenance.finishedAt()).isNotNull();
  }

  @Test
  void studentTakesAfterTheMembersUnlessItIsGivenAnArchitecture() throws IOException {
    Path same = directory.resolve("same");
    Path other = directory.resolve("other");

    Outcome.of(distill(same, "--quiet"));
    Outcome.of(distill(other, "--quiet", "--student-architecture", "mlp-8"));

    assertThat(RunDirectory.open(same).readConfig(DistillConfig.class).studentArchitecture())
        .isEqualTo("mlp-16");
    assertThat(RunDirectory.open(other).readConfig(DistillConfig.class).studentArchitecture())
        .isEqualTo("mlp-8");
  }

  @Test
  void interruptedRunTellsHowToGoOnAndGoesOnToTheSameResult() throws IOException {
    Path run = directory.resolve("stopped");
    Path whole = directory.resolve("whole");

    Outcome stopped = Outcome.interruptedAt("member-2", distill(run));

    assertThat(stopped.code()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(stopped.err()).contains("  ./retort distill --output " + run).contains(" --resume");
    assertThat(run.resolve("results.json")).doesNotExist();

    Outcome resumed = Outcome.of(distill(run, "--resume"));
    Outcome unbroken = Outcome.of(distill(whole));

    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertThat(unbroken.code()).isZero();
    assertThat(run.resolve("results.json")).hasSameBinaryContentAs(whole.resolve("results.json"));
  }

  @Test
  void resumedRunNeedsNoSettingAgain() throws IOException {
    Path run = directory.resolve("stopped");
    Outcome.interruptedAt("member-2", distill(run));

    Outcome resumed = Outcome.of("distill", "--output", run.toString(), "--resume");

    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertThat(RunDirectory.open(run).readResult().members()).hasSize(2);
    assertThat(RunDirectory.open(run).readProvenance().command())
        .contains("--members 2")
        .doesNotContain("--resume");
  }

  @Test
  void resumingWithoutARunBeginsOne() {
    Outcome outcome = Outcome.of(distill(directory.resolve("new"), "--resume"));

    assertThat(outcome.code()).as(outcome.err()).isZero();
  }

  @Test
  void runThatIsThereIsRefusedWithoutResume() {
    Path run = directory.resolve("there");
    Outcome.of(distill(run, "--quiet"));

    Outcome again = Outcome.of(distill(run));

    assertThat(again.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(again.err())
        .isEqualTo(
            "retort: "
                + run
                + " already holds a run; pass --resume to go on with it, or --run NAME for another"
                + System.lineSeparator());
  }

  @Test
  void resumingWithAnotherSettingIsRefused() {
    Path run = directory.resolve("other");
    Outcome.interruptedAt("member-2", distill(run));

    Outcome other = Outcome.of(distill(run, "--resume", "--temperature", "9"));

    assertThat(other.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(other.err()).contains("temperature").contains("9");
  }

  @Test
  void resumingAnotherKindOfRunIsRefused() {
    Path run = directory.resolve("trained");
    Outcome.of(command("train", "--output", run.toString(), "--epochs", "1", "--quiet"));

    Outcome other = Outcome.of(distill(run, "--resume"));

    assertThat(other.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(other.err()).contains(run + " holds no run of retort distill");
  }

  @Test
  void quietRunSaysOnlyItsResult() {
    Outcome outcome = Outcome.of(distill(directory.resolve("quiet"), "--quiet"));

    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out()).contains("student");
  }

  @Test
  void configOfARunMakesTheSameRunAndFlagsGoBeforeIt() throws IOException {
    Path first = directory.resolve("first");
    Path second = directory.resolve("second");
    Outcome.of(distill(first, "--quiet"));

    String config = first.resolve("config.yaml").toString();
    Outcome outcome =
        Outcome.of("distill", "--config", config, "--alpha", "0.5", "--output", second.toString());

    assertThat(outcome.code()).as(outcome.err()).isZero();
    DistillConfig made = RunDirectory.open(second).readConfig(DistillConfig.class);
    DistillConfig given = RunDirectory.open(first).readConfig(DistillConfig.class);
    assertThat(made.alpha()).isEqualTo(0.5);
    assertThat(made.training()).isEqualTo(given.training());
    assertThat(made.members()).isEqualTo(given.members());
  }

  @Test
  void modelsAreEvaluatedApartAndTogether() {
    Path run = directory.resolve("two");
    Outcome.of(distill(run, "--quiet"));
    String first = run.resolve("checkpoints/member-1.safetensors").toString();
    String second = run.resolve("checkpoints/member-2.safetensors").toString();

    Outcome both = Outcome.of("evaluate", first, second, "--quiet");
    Outcome one = Outcome.of("evaluate", first, "--quiet");

    assertThat(both.code()).as(both.err()).isZero();
    assertThat(both.out())
        .contains(first, second, "ensemble of logits", "ensemble of probabilities", "agreement");
    assertThat(one.code()).as(one.err()).isZero();
    assertThat(one.out()).contains(first, "NLL").doesNotContain("ensemble", "agreement");
  }

  @Test
  void modelIsEvaluatedOnItsOwnDataSetUnlessAnotherIsNamed() {
    Path run = directory.resolve("two");
    Outcome.of(distill(run, "--quiet"));
    String model = run.resolve("checkpoints/member-1.safetensors").toString();

    Outcome own = Outcome.of("evaluate", model, "--quiet");
    Outcome same = Outcome.of("evaluate", "--data", "mnist", model, "--quiet");
    Outcome other = Outcome.of("evaluate", "--data", "cifar-10", model, "--quiet");

    assertThat(own.code()).as(own.err()).isZero();
    assertThat(same.out()).isEqualTo(own.out());
    assertThat(other.code()).isEqualTo(2);
    assertThat(other.err()).contains("data/cifar-10").doesNotContain(RunTest.data.toString());
  }

  @Test
  void runsOfSeveralSeedsAreSummedUp() {
    Path first = directory.resolve("seed-0");
    Path second = directory.resolve("seed-1");
    Outcome.of(distill(first, "--quiet", "--seed", "0"));
    Outcome.of(distill(second, "--quiet", "--seed", "1"));

    Outcome both = Outcome.of("summary", first.toString(), second.toString());
    Outcome twice = Outcome.of("summary", first.toString(), first.toString());

    assertThat(both.code()).as(both.err()).isZero();
    assertThat(both.out()).contains("2 runs, seeds 0, 1", "student", "+-");
    assertThat(twice.code()).isEqualTo(2);
    assertThat(twice.err()).contains("a seed each");
  }

  @Test
  void reportIsWrittenAgain() throws IOException {
    Path run = directory.resolve("two");
    Outcome.of(distill(run, "--quiet"));
    String before = Files.readString(run.resolve("report.html"));
    Files.delete(run.resolve("report.html"));

    Outcome outcome = Outcome.of("report", run.toString());

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(run.resolve("report.html")).hasContent(before);
  }
}
