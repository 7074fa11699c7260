package io.retort.distill.multiview;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.distill.InterruptedRunException;
import io.retort.distill.Interruption;
import io.retort.distill.Progress;
import io.retort.distill.RunConflictException;
import io.retort.distill.RunDirectory;
import io.retort.distill.report.MultiViewTable;
import io.retort.distill.report.Report;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole experiment, small: what it writes, and that it can be stopped anywhere. */
class MultiViewExperimentTest {

  @TempDir Path directory;

  private MultiViewResult run(String name, Progress progress, Interruption interruption)
      throws IOException {
    return MultiViewExperiment.run(
        TinyExperiment.config(),
        RunDirectory.create(directory.resolve(name)),
        progress,
        interruption);
  }

  @Test
  void resultsAreWholeAndCanBeReadBack() throws IOException {
    List<Progress.Update> updates = new ArrayList<>();
    MultiViewResult result = run("whole", updates::add, new Interruption());

    assertThat(result.members().networks()).hasSize(3);
    assertThat(result.ensembles()).extracting(EnsembleResult::size).containsExactly(1, 2, 3);
    assertThat(result.control().networks()).hasSize(2);
    assertThat(result.students())
        .extracting(MethodResult::method)
        .containsExactly(
            "soft targets, T = 1",
            "soft targets, T = 4",
            MethodResult.SQUARED_ERROR,
            MethodResult.ONE_SIDED,
            MethodResult.SELF_DISTILLED);
    assertThat(result.students()).allMatch(students -> students.steps() == 6);
    assertThat(result.studentEnsemble()).isNotNull();
    assertThat(result.contrasts())
        .extracting(Contrast::name)
        .containsExactly(
            "Averaged weights",
            "Joint training",
            "Gaussian mixture",
            "Random features",
            "Neural tangent kernel");
    assertThat(result.contrasts().get(4).rows())
        .extracting(Contrast.Row::name)
        .isEqualTo(result.contrasts().get(3).rows().stream().map(Contrast.Row::name).toList())
        .containsExactly(
            "members",
            "ensemble of 3",
            "distilled from it, squared error",
            "students of the labels",
            "trained jointly");
    RunDirectory run = RunDirectory.open(directory.resolve("whole"));
    assertThat(run.readResult(MultiViewResult.class)).isEqualTo(result);
    assertThat(run.readConfig(MultiViewConfig.class)).isEqualTo(TinyExperiment.config());
    assertThat(updates).extracting(Progress.Update::fractionOfRun).isSorted();
    assertThat(updates.get(updates.size() - 1).fractionOfRun()).isCloseTo(1, within(1e-9));
  }

  @Test
  void trendHasTheSameMeasuresOfEveryNumberOfClasses() throws IOException {
    MultiViewResult result = run("trend", Progress.SILENT, new Interruption());
    assertThat(result.trend()).extracting(TrendPoint::classes).containsExactly(3, 4);
    MultiViewResult four =
        RunDirectory.open(directory.resolve("trend/classes-4")).readResult(MultiViewResult.class);
    assertThat(four.config().distribution().trainSamples()).isEqualTo(53);
    assertThat(four.config().contrasts().randomFeatures().features()).isEqualTo(11);
    TrendPoint last = result.trend().get(1);
    assertThat(last.measures())
        .extracting(Contrast::name)
        .containsExactly(
            TrendPoint.NETWORKS,
            "Views",
            "Averaged weights",
            "Joint training",
            "Gaussian mixture",
            "Random features");
    assertThat(last.measures().get(0).rows())
        .extracting(row -> row.accuracy().mean())
        .containsExactly(
            four.members().spread(n -> n.accuracy().singleView()).mean(),
            four.ensemble().singleView().mean(),
            four.control().spread(n -> n.accuracy().singleView()).mean(),
            four.students("soft targets, T = 4").spread(n -> n.accuracy().singleView()).mean(),
            four.students(MethodResult.SQUARED_ERROR).spread(n -> n.accuracy().singleView()).mean(),
            four.students(MethodResult.ONE_SIDED).spread(n -> n.accuracy().singleView()).mean(),
            four.students(MethodResult.SELF_DISTILLED)
                .spread(n -> n.accuracy().singleView())
                .mean());
    assertThat(last.measures().get(1).rows().get(1).accuracy().mean())
        .isEqualTo(four.ensemble().viewsCovered().mean() / 8);
  }

  @Test
  void studentsAndControlBeginWithTheSameWeights() throws IOException {
    MultiViewResult result = run("seeds", Progress.SILENT, new Interruption());
    List<Long> seeds = result.control().networks().stream().map(NetworkResult::seed).toList();
    assertThat(seeds)
        .doesNotHaveDuplicates()
        .doesNotContainAnyElementsOf(
            result.members().networks().stream().map(NetworkResult::seed).toList());
    for (MethodResult students : result.students()) {
      assertThat(students.networks()).extracting(NetworkResult::seed).isEqualTo(seeds);
    }
  }

  @Test
  void aRunThatIsStoppedInAnyStageGoesOnToTheSameBytes() throws IOException {
    run("whole", Progress.SILENT, new Interruption());
    for (String stage :
        List.of(
            "members",
            "students",
            "joint",
            "mixture",
            "random-features",
            "tangent",
            "classes-4, students")) {
      Interruption interruption = new Interruption();
      Progress stopInStage =
          update -> {
            if (update.stage().equals(stage) && update.step() == 2) {
              interruption.request();
            }
          };
      assertThatThrownBy(() -> run(stage, stopInStage, interruption))
          .isInstanceOf(InterruptedRunException.class)
          .hasMessageContaining(stage.substring(stage.indexOf(' ') + 1));
      assertThat(directory.resolve(stage).resolve("results.json")).doesNotExist();
      run(stage, Progress.SILENT, new Interruption());
      assertThat(directory.resolve(stage).resolve("results.json"))
          .hasSameBinaryContentAs(directory.resolve("whole").resolve("results.json"));
    }
  }

  @Test
  void anotherConfigurationIsRefused() throws IOException {
    run("run", Progress.SILENT, new Interruption());
    assertThatThrownBy(
            () ->
                MultiViewExperiment.run(
                    MultiViewConfig.quick(),
                    RunDirectory.open(directory.resolve("run")),
                    Progress.SILENT,
                    new Interruption()))
        .isInstanceOf(RunConflictException.class);
  }

  @Test
  void reportShowsTablesFiguresAndConfiguration() throws IOException {
    MultiViewResult result = run("reported", Progress.SILENT, new Interruption());
    RunDirectory run = RunDirectory.open(directory.resolve("reported"));
    String html = Report.html(run);
    assertThat(html)
        .contains("id=\"accuracy\"", "id=\"coverage\"", "id=\"temperature\"")
        .contains("distilled: soft targets, T", "self-distilled", "control: labels alone")
        .contains(
            "Random features",
            "Neural tangent kernel",
            "Gaussian mixture",
            "trained jointly",
            "dense_noise")
        .contains("id=\"trend\"", "<th scope=\"col\">4 classes</th>")
        .contains("±");
    assertThat(MultiViewTable.format(result))
        .contains("ensemble of 3", "one-sided", "of 6", "+-")
        .contains("Networks, %, of k classes", "k = 3", "k = 4")
        .isASCII();
  }

  @Test
  void reportOfARunThatIsNotFinishedSaysSo() throws IOException {
    RunDirectory run = RunDirectory.create(directory.resolve("begun"));
    run.writeConfig(TinyExperiment.config());
    assertThat(Report.html(run)).contains("has not finished yet", "dense_noise");
  }
}
