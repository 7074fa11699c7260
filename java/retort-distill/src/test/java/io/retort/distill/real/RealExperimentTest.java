package io.retort.distill.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.distill.Evaluation;
import io.retort.distill.EvaluationResult;
import io.retort.distill.InterruptedRunException;
import io.retort.distill.Interruption;
import io.retort.distill.MeanKind;
import io.retort.distill.Metrics;
import io.retort.distill.ModelPlan;
import io.retort.distill.ModelResult;
import io.retort.distill.OptimizerConfig;
import io.retort.distill.Progress;
import io.retort.distill.RunDirectory;
import io.retort.distill.Safetensors;
import io.retort.distill.Spread;
import io.retort.distill.ToyImages;
import io.retort.distill.ToyRuns;
import io.retort.distill.TrainingConfig;
import io.retort.distill.report.RealTable;
import io.retort.distill.report.Report;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The paper's table on toy images. */
class RealExperimentTest {

  private static final int MEMBERS = 3;
  private static final int SEEDS = 2;

  @TempDir static Path images;
  @TempDir static Path whole;
  private static TrainingConfig training;
  private static RealResult result;

  @TempDir Path directory;

  private static RealConfig config() {
    return new RealConfig(training, MEMBERS, MeanKind.LOGITS, 3, 0.8, 3, SEEDS, 3, 0, 2);
  }

  @BeforeAll
  static void runOnceWithoutAPause() throws IOException {
    training =
        ToyRuns.training()
            .withData(ToyImages.write(images))
            .withArchitecture("cnnbn-4-16")
            .withEpochs(2);
    result = run(whole, Progress.SILENT, new Interruption());
  }

  private static RealResult run(Path path, Progress progress, Interruption interruption)
      throws IOException {
    return RealExperiment.run(config(), RunDirectory.create(path), progress, interruption);
  }

  private static EvaluationResult evaluate(List<String> names) throws IOException {
    RunDirectory run = RunDirectory.open(whole);
    return Evaluation.run(
        names.stream().map(run::checkpoint).toList(), training.data(), "cpu", 1, Progress.SILENT);
  }

  @Test
  void membersTheirEnsembleAndItsPartsAreWhatTheCheckpointsPredict() throws IOException {
    List<String> names = RealExperiment.members(config());
    EvaluationResult members = evaluate(names);

    assertThat(result.members()).extracting(ModelResult::name).containsExactlyElementsOf(names);
    assertThat(result.members())
        .extracting(ModelResult::metrics)
        .isEqualTo(members.models().stream().map(ModelResult::metrics).toList());
    assertThat(result.ensemble()).isEqualTo(members.ensembleOfLogits());
    assertThat(result.ensembles())
        .extracting(RealResult.Size::ensembles)
        .containsExactly(MEMBERS, MEMBERS, 1);
    assertThat(result.ensembles().get(0).accuracy())
        .isEqualTo(RealResult.spread(result.members(), Metrics::accuracy));
    double[] pairs = {
      pair(names.get(0), names.get(1)),
      pair(names.get(1), names.get(2)),
      pair(names.get(2), names.get(0))
    };
    assertThat(result.ensembles().get(1).accuracy()).isEqualTo(Spread.of(pairs));
    assertThat(result.ensembles().get(2).accuracy())
        .isEqualTo(new Spread(result.ensemble().accuracy(), 0));
  }

  private static double pair(String one, String other) throws IOException {
    return evaluate(List.of(one, other)).ensembleOfLogits().accuracy();
  }

  @Test
  void studentsAndTheirEnsemblesAreWhatTheCheckpointsPredict() throws IOException {
    for (RealMethod method : RealMethod.values()) {
      EvaluationResult students = evaluate(List.of(method.network(1), method.network(2)));
      RealResult.Method measured = result.of(method);

      assertThat(measured.method()).isEqualTo(method);
      assertThat(measured.networks())
          .extracting(ModelResult::metrics)
          .isEqualTo(students.models().stream().map(ModelResult::metrics).toList());
      assertThat(measured.ensemble()).isEqualTo(students.ensembleOfLogits());
      assertThat(measured.networks()).extracting(ModelResult::seed).containsExactly(1004L, 1005L);
    }
    assertThat(result.studentSteps()).isEqualTo(result.memberSteps() * 3 / 2);
    assertThat(result.joint().metrics())
        .isEqualTo(evaluate(List.of(RealExperiment.JOINT)).models().get(0).metrics());
    assertThat(result.joint().parameters())
        .isEqualTo(MEMBERS * result.members().get(0).parameters());
  }

  @Test
  void studentsDifferInTheirTeachersOnly() {
    List<ModelPlan> plans = RealExperiment.plans(config());

    assertThat(plans)
        .extracting(ModelPlan::name)
        .containsExactly(
            "member-1",
            "member-2",
            "member-3",
            "joint",
            "control-1",
            "distilled-1",
            "self-distilled-1",
            "control-2",
            "distilled-2",
            "self-distilled-2");
    assertThat(plans.subList(4, 7)).extracting(ModelPlan::config).containsOnly(config().student(1));
    assertThat(plans.get(4).targets().teachers()).isEmpty();
    assertThat(plans.get(5).targets().teachers()).hasSize(MEMBERS);
    assertThat(plans.get(6).targets().teachers()).containsExactly("member-1");
    assertThat(plans.get(9).targets().teachers()).containsExactly("member-2");
  }

  /** n times the rate and 1/n of the decay: the step along the gradient of the mean itself. */
  @Test
  void aNetworkOfTheMeanTakesTheStepsThatItWouldAlone() {
    TrainingConfig joint = config().joint();

    assertThat(joint.architecture()).isEqualTo("mean-3-of-cnnbn-4-16");
    assertThat(joint.epochs()).isEqualTo(training.epochs());
    assertThat(joint.schedule().learningRate()).isEqualTo(3 * training.schedule().learningRate());
    assertThat(joint.schedule().learningRate() * joint.optimizer().weightDecay())
        .isCloseTo(
            training.schedule().learningRate() * training.optimizer().weightDecay(), within(1e-12));

    RealConfig slow = new RealConfig(training, 2, MeanKind.LOGITS, 3, 0.8, 0, 1, 2, 1, 1);
    assertThat(slow.joint().schedule()).isEqualTo(training.schedule());
    assertThat(slow.joint().optimizer()).isEqualTo(training.optimizer());

    OptimizerConfig adam = new OptimizerConfig(OptimizerConfig.Kind.ADAM, 0, false, 0.1);
    TrainingConfig byAdam = training.withOptimizer(adam, training.schedule());
    RealConfig config = new RealConfig(byAdam, 2, MeanKind.LOGITS, 3, 0.8, 0, 1, 2, 0, 1);
    assertThat(config.joint().optimizer()).isEqualTo(adam);
    assertThat(config.joint().schedule()).isEqualTo(training.schedule());
  }

  @Test
  void theNetworksOfTheMeanAllLearnAndDiffer() throws IOException {
    var tensors =
        Safetensors.read(RunDirectory.open(whole).checkpoint(RealExperiment.JOINT)).tensors();
    float[] first = tensors.get("network1.conv1.weights").values();
    float[] last = tensors.get("network3.conv1.weights").values();

    assertThat(first).isNotEqualTo(last);
    assertThat(result.joint().metrics().accuracy()).isGreaterThan(0.2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"member-2", "joint", "distilled-1", "self-distilled-2", "control-2"})
  void aStoppedExperimentGoesOnToTheSameBits(String stage) throws IOException {
    Interruption interruption = new Interruption();
    Progress stop =
        update -> {
          if (update.stage().equals(stage) && update.step() == 3) {
            interruption.request();
          }
        };

    assertThatThrownBy(() -> run(directory, stop, interruption))
        .isInstanceOf(InterruptedRunException.class);
    assertThat(directory.resolve("results.json")).doesNotExist();
    assertThat(Report.html(RunDirectory.open(directory))).contains("has not finished yet");
    run(directory, Progress.SILENT, new Interruption());

    assertThat(ToyRuns.contents(directory)).isEqualTo(ToyRuns.contents(whole));
  }

  @Test
  void resultsCanBeReadBack() throws IOException {
    assertThat(RunDirectory.open(whole).readResult(RealResult.class)).isEqualTo(result);
  }

  @Test
  void theTableAndTheReportHaveTheFiguresOfTheResult() throws IOException {
    String table = RealTable.format(result);
    String html = Report.html(RunDirectory.open(whole));
    double distilled =
        RealResult.spread(result.of(RealMethod.DISTILLED).networks(), Metrics::accuracy).mean();

    for (String name :
        List.of(
            "single network",
            "ensemble of 3",
            "mean of 3 trained as one",
            "control: labels alone",
            "distilled from the ensemble of 3",
            "self-distilled: from one member",
            "ensemble of 2 distilled")) {
      assertThat(table).contains("\n" + name);
      assertThat(html).contains("</i>" + name + "</th>");
    }
    for (double accuracy :
        new double[] {
          distilled, result.ensemble().accuracy(), result.joint().metrics().accuracy()
        }) {
      String percent = String.format(Locale.ROOT, "%.2f", 100 * accuracy);
      assertThat(table).contains(percent);
      assertThat(html).contains(percent);
    }
    assertThat(table).contains("+-").isASCII();
    assertThat(html).contains("id=\"accuracy\"", "1/3 of their gradient").doesNotContain("81.51");
  }

  @Test
  void thePapersFigureStandsBesideTheSameDataAndNetworkOnly() {
    RealResult paper =
        new RealResult(
            RealConfig.cifar100(),
            1,
            1,
            result.members(),
            result.ensembles(),
            result.ensemble(),
            null,
            result.methods());

    assertThat(RealTable.format(paper)).contains("81.51 +- 0.16").doesNotContain("trained as one");
    assertThat(RealTable.format(result)).doesNotContain("81.51");
  }

  @Test
  void theConfigurationsForFashionMnistAndCifarCanBeTrained() {
    for (RealConfig config :
        List.of(
            RealConfig.defaults(),
            RealConfig.quick(),
            RealConfig.cifar10(),
            RealConfig.cifar100())) {
      assertThat(RealExperiment.plans(config))
          .hasSize(config.members() + 1 + 3 * config.seeds())
          .extracting(plan -> plan.config().seed())
          .contains(
              IntStream.rangeClosed(0, config.members())
                  .mapToObj(Long::valueOf)
                  .toArray(Long[]::new));
    }
    assertThat(RealConfig.defaults().members()).isEqualTo(10);
    assertThat(RealConfig.cifar100().training().architecture()).isEqualTo("wrn-28-10");
  }

  @Test
  void wrongValuesAreNamed() {
    assertThatThrownBy(() -> new RealConfig(training, 0, MeanKind.LOGITS, 3, 0.8, 0, 1, 0, 0, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("members");
    assertThatThrownBy(() -> new RealConfig(training, 1, MeanKind.LOGITS, 3, 0.8, 0, 1, -1, 0, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("jointNetworks");
  }
}
