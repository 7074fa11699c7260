package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.nn.Schedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DistillationTest {

  /** Two members of 12 steps, then three networks of 18. */
  private static final int STEPS = 2 * 12 + 3 * 18;

  private static final DistillConfig CONFIG = ToyRuns.distillation();
  private static final RunData DATA = ToyImages.data();

  @TempDir static Path whole;
  private static DistillationResult result;
  private static final List<Progress.Update> UPDATES = new ArrayList<>();

  @TempDir Path directory;

  @BeforeAll
  static void runOnceWithoutAPause() throws IOException {
    result = ToyRuns.run(CONFIG, DATA, whole, UPDATES::add);
  }

  @Test
  void aRunLeavesItsModelsItsMetricsAndItsResultsAndNothingElse() throws IOException {
    assertThat(ToyRuns.contents(whole))
        .containsOnlyKeys(
            "checkpoints/control.safetensors",
            "checkpoints/member-1.safetensors",
            "checkpoints/member-2.safetensors",
            "checkpoints/self-distilled.safetensors",
            "checkpoints/student.safetensors",
            "config.yaml",
            "metrics.jsonl",
            "predictions.json",
            "results.json");
    assertThat(RunDirectory.open(whole).readResult()).isEqualTo(result);
  }

  @Test
  void everyNetworkIsMeasuredAfterEveryEpochInTheOrderOfTheStages() throws IOException {
    assertThat(RunDirectory.open(whole).metrics())
        .extracting(line -> line.model() + " " + line.epoch() + " " + line.step() + line.split())
        .startsWith("member-1 1 6train", "member-1 1 6test", "member-1 2 12train")
        .endsWith("control 3 18train", "control 3 18test")
        .hasSize(2 * (2 * 2 + 3 * 3));
  }

  @Test
  void theLearningRateOfALineIsThatOfTheLastStep() throws IOException {
    Schedule schedule = CONFIG.training().schedule().schedule();

    assertThat(RunDirectory.open(whole).metrics())
        .allSatisfy(
            line -> {
              long steps = line.model().startsWith("member") ? 12 : 18;
              assertThat(line.learningRate()).isEqualTo(schedule.at(line.step() - 1, steps));
            });
  }

  @Test
  void theResultsAreThoseOfTheLastMeasurements() throws IOException {
    List<MetricsLine> lines = RunDirectory.open(whole).metrics();
    MetricsLine student =
        lines.stream()
            .filter(l -> l.model().equals("student") && l.split().equals("test"))
            .reduce((first, last) -> last)
            .orElseThrow();

    assertThat(result.student().metrics().accuracy()).isEqualTo(student.accuracy());
    assertThat(result.student().metrics().negativeLogLikelihood()).isEqualTo(student.loss());
    assertThat(result.steps()).isEqualTo(12);
    assertThat(result.studentSteps()).isEqualTo(18);
  }

  @Test
  void onlyDistilledNetworksHaveASoftLoss() throws IOException {
    assertThat(RunDirectory.open(whole).metrics())
        .filteredOn(line -> line.split().equals("train"))
        .allSatisfy(
            line -> {
              boolean distilled = List.of("student", "self-distilled").contains(line.model());
              assertThat(line.soft() > 0).isEqualTo(distilled);
              assertThat(line.hard()).isPositive();
            });
  }

  @Test
  void progressCountsTheStepsOfAllStages() {
    assertThat(UPDATES).hasSize(STEPS);
    for (int i = 0; i < STEPS; i++) {
      assertThat(UPDATES.get(i).fractionOfRun()).isEqualTo((i + 1.0) / STEPS);
    }
    assertThat(UPDATES)
        .extracting(update -> update.stageNumber() + " " + update.stage())
        .startsWith("1 member-1")
        .contains("2 member-2", "3 student", "4 self-distilled")
        .endsWith("5 control");
    assertThat(UPDATES).allSatisfy(update -> assertThat(update.stageCount()).isEqualTo(5));
  }

  /** Steps within an epoch, at the end of one, at the end of a network, and of the last one. */
  @ParameterizedTest
  @ValueSource(ints = {1, 6, 7, 12, 15, 24, 31, 42, 60, 78})
  void aRunThatWasStoppedAndResumedLeavesTheSameBits(int step) throws IOException {
    Interruption interruption = new Interruption();

    assertThatThrownBy(
            () ->
                ToyRuns.run(
                    CONFIG, DATA, directory, afterStep(step, interruption::request), interruption))
        .isInstanceOf(InterruptedRunException.class);
    ToyRuns.run(CONFIG, DATA, directory, Progress.SILENT);

    assertSameContents(directory);
  }

  @Test
  void aRunThatIsStoppedAfterEveryFewStepsComesToTheSameEnd() throws IOException {
    int stops = 0;
    for (boolean finished = false; !finished; ) {
      Interruption interruption = new Interruption();
      try {
        ToyRuns.run(CONFIG, DATA, directory, afterStep(5, interruption::request), interruption);
        finished = true;
      } catch (InterruptedRunException e) {
        stops++;
      }
    }

    assertThat(stops).isEqualTo(STEPS / 5);
    assertSameContents(directory);
  }

  /** What is not on the disk when the process dies is done again from the last epoch's end. */
  @ParameterizedTest
  @ValueSource(ints = {3, 6, 12, 17, 42, 78})
  void aRunThatDiedGoesOnFromItsLastStateAndLeavesTheSameBits(int step) throws IOException {
    class Death extends Error {
      private static final long serialVersionUID = 1;
    }

    assertThatThrownBy(
            () ->
                ToyRuns.run(
                    CONFIG,
                    DATA,
                    directory,
                    afterStep(
                        step,
                        () -> {
                          throw new Death();
                        })))
        .isInstanceOf(Death.class);
    Files.writeString(
        directory.resolve("metrics.jsonl"),
        "{\"model\":\"mem",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    ToyRuns.run(CONFIG, DATA, directory, Progress.SILENT);

    assertSameContents(directory);
  }

  @Test
  void aFinishedRunIsNotTrainedAgain() throws IOException {
    List<Progress.Update> updates = new ArrayList<>();
    ToyRuns.run(CONFIG, DATA, directory, Progress.SILENT);

    DistillationResult again = ToyRuns.run(CONFIG, DATA, directory, updates::add);

    assertThat(again).isEqualTo(result);
    assertThat(updates).hasSize(5).allSatisfy(u -> assertThat(u.step()).isEqualTo(u.steps()));
    assertThat(updates.get(4).fractionOfRun()).isEqualTo(1);
    assertSameContents(directory);
  }

  @ParameterizedTest
  @CsvSource({"1, 2", "2, 1", "2, 2", "3, 9", "3, 0"})
  void threadsAndParallelModelsChangeNoBit(int threads, int parallelModels) throws IOException {
    DistillConfig config = with(threads, parallelModels);

    DistillationResult other = ToyRuns.run(config, DATA, directory, Progress.SILENT);

    assertThat(other).usingRecursiveComparison().ignoringFields("config").isEqualTo(result);
    assertSameBits(directory);
  }

  @Test
  void everyNetworkInTrainingLeavesAStateWhenTheRunIsStoppedAndGoesOnWithTheSameBits()
      throws IOException {
    Interruption interruption = new Interruption();
    DistillConfig config = with(2, 2);

    assertThatThrownBy(
            () ->
                ToyRuns.run(
                    config, DATA, directory, onceTwoTrain(interruption::request), interruption))
        .isInstanceOf(InterruptedRunException.class);

    assertThat(directory.resolve("checkpoints").toFile().list())
        .containsExactlyInAnyOrder("member-1.state.safetensors", "member-2.state.safetensors");

    ToyRuns.run(config, DATA, directory, Progress.SILENT);

    assertSameBits(directory);
  }

  @Test
  void aRunMayGoOnWithOtherThreadsButNotWithAnotherTemperature() throws IOException {
    Interruption interruption = new Interruption();
    assertThatThrownBy(
            () ->
                ToyRuns.run(
                    CONFIG, DATA, directory, afterStep(8, interruption::request), interruption))
        .isInstanceOf(InterruptedRunException.class);
    DistillConfig other =
        new DistillConfig(CONFIG.training(), 2, MeanKind.LOGITS, 5, 0.8, "mlp-16", 3, 1);

    assertThatThrownBy(() -> ToyRuns.run(other, DATA, directory, Progress.SILENT))
        .isInstanceOf(RunConflictException.class)
        .hasMessageContaining("temperature 3.0, not 5.0");
    assertThat(ToyRuns.run(with(2, 2), DATA, directory, Progress.SILENT).student())
        .isEqualTo(result.student());
  }

  @Test
  void theAlbumShowsTheEnsembleAndTheStudent() throws IOException {
    Prediction.Album album = RunDirectory.open(whole).readPredictions();

    assertThat(album.classNames()).isEqualTo(ToyImages.CLASS_NAMES);
    assertThat(album.images()).hasSize(12);
    assertThat(album.images())
        .allSatisfy(
            image -> {
              assertThat(image.label()).isEqualTo(DATA.test().label(image.index()));
              assertThat(image.pixels()).hasSize(ToyImages.PIXELS);
              assertThat(image.pixels()[5]).isEqualTo(DATA.test().pixels(image.index())[5] & 0xff);
              assertThat(sum(image.softTargets())).isCloseTo(1, within(1e-5));
              assertThat(sum(image.student())).isCloseTo(1, within(1e-5));
            });
  }

  private static double sum(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum;
  }

  private static DistillConfig with(int threads, int parallelModels) {
    return new DistillConfig(
        CONFIG.training().withThreads(threads),
        CONFIG.members(),
        CONFIG.mean(),
        CONFIG.temperature(),
        CONFIG.alpha(),
        CONFIG.studentArchitecture(),
        CONFIG.studentEpochs(),
        parallelModels);
  }

  private static void assertSameContents(Path directory) throws IOException {
    Map<String, String> expected = ToyRuns.contents(whole);
    Map<String, String> actual = ToyRuns.contents(directory);
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach((file, bytes) -> assertThat(actual.get(file)).as(file).isEqualTo(bytes));
  }

  /** The same networks, metrics and predictions, of a run with other threads. */
  private static void assertSameBits(Path directory) throws IOException {
    Map<String, String> expected = ToyRuns.contents(whole);
    Map<String, String> actual = ToyRuns.contents(directory);
    List<String> naming = List.of("config.yaml", "results.json");
    expected.keySet().removeAll(naming);
    actual.keySet().removeAll(naming);
    assertThat(actual).isEqualTo(expected);
  }

  /** Does something after so many steps of this call, and again after each further one. */
  private static Progress afterStep(int step, Runnable action) {
    return new Progress() {
      private int steps;

      @Override
      public void report(Update update) {
        boolean trained = !Double.isNaN(update.loss());
        steps += trained ? 1 : 0;
        if (trained && steps >= step) {
          action.run();
        }
      }
    };
  }

  /** Holds the first network up until the second has made a step too. */
  private static Progress onceTwoTrain(Runnable action) {
    return update -> {
      if (update.inTraining() >= 2) {
        action.run();
      } else {
        LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
      }
    };
  }
}
