package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {

  @TempDir Path path;

  private RunDirectory directory;

  @BeforeEach
  void create() throws IOException {
    directory = RunDirectory.create(path);
  }

  @Test
  void aConfigurationIsReadBackAsItWasWritten() throws IOException {
    DistillConfig config = DistillConfig.defaults();

    directory.writeConfig(config);

    assertThat(directory.readConfig(DistillConfig.class)).isEqualTo(config);
    assertThat(path.resolve("config.yaml"))
        .content()
        .contains("student_architecture", "kind: \"one-cycle\"");
  }

  @Test
  void provenanceIsReadBackWithWhatIsNotKnown() throws IOException {
    Provenance provenance =
        new Provenance("retort train", "0.1.0", null, null, "avx2", 2, 61.5, null);

    directory.writeProvenance(provenance);

    assertThat(directory.readProvenance()).isEqualTo(provenance);
  }

  @Test
  void aMisspeltNameInAConfigurationIsRefused() throws IOException {
    Files.writeString(path.resolve("config.yaml"), "dataset: mnist\ntrian_limit: 5\n");

    assertThatThrownBy(() -> directory.readConfig(DataConfig.class))
        .isInstanceOf(UnrecognizedPropertyException.class)
        .hasMessageContaining("trian_limit");
  }

  @Test
  void metricsAreReadBackAndALineCutShortIsLeftOut() throws IOException {
    directory.append(line(1), line(2));
    Files.writeString(directory.metricsFile(), "{\"model\":\"mem", StandardOpenOption.APPEND);

    assertThat(directory.metrics()).containsExactly(line(1), line(2));
  }

  @Test
  void whatAModelMeasuredAfterAStepIsDropped() throws IOException {
    directory.append(line("a", 1), line("b", 1), line("a", 2), line("b", 2));
    Files.writeString(directory.metricsFile(), "{\"model\":\"a", StandardOpenOption.APPEND);

    directory.dropMetrics("a", 10);
    directory.append(line("a", 2));

    assertThat(directory.metrics())
        .containsExactly(line("a", 1), line("b", 1), line("b", 2), line("a", 2));
  }

  @Test
  void metricsAreOrderedByModelAndStayInOrderWithinOne() throws IOException {
    directory.append(line("b", 1), line("a", 1), line("b", 2), line("a", 2));

    directory.orderMetrics(List.of("a", "b"));

    assertThat(directory.metrics())
        .containsExactly(line("a", 1), line("a", 2), line("b", 1), line("b", 2));
  }

  @Test
  void aRunIsBegunOnceAndThenAskedForTheSame() throws IOException {
    DistillConfig config = DistillConfig.defaults();
    directory.begin(config);

    directory.begin(config);

    assertThat(directory.readConfig(DistillConfig.class)).isEqualTo(config);
  }

  @Test
  void anotherConfigurationIsRefusedByTheNameOfWhatDiffers() throws IOException {
    directory.begin(TrainingConfig.defaults());

    assertThatThrownBy(() -> directory.begin(TrainingConfig.defaults().withSeed(5)))
        .isInstanceOf(RunConflictException.class)
        .hasMessageContaining("seed 0, not 5");
    assertThatThrownBy(
            () ->
                directory.begin(
                    new TrainingConfig(
                        DataConfig.of("fashion-mnist"),
                        "cnnbn-16-32-128",
                        8,
                        128,
                        new OptimizerConfig(OptimizerConfig.Kind.SGD, 0.9, true, 0),
                        ScheduleConfig.oneCycle(0.3),
                        0,
                        0,
                        "auto",
                        "f32",
                        0)))
        .isInstanceOf(RunConflictException.class)
        .hasMessageContaining("schedule.learning_rate 0.2, not 0.3");
  }

  @Test
  void threadsMayDiffer() throws IOException {
    directory.begin(TrainingConfig.defaults());

    directory.begin(TrainingConfig.defaults().withThreads(7));

    assertThat(directory.readConfig(TrainingConfig.class)).isEqualTo(TrainingConfig.defaults());
  }

  @Test
  void aRunOfAnotherKindIsRefused() throws IOException {
    directory.begin(TrainingConfig.defaults());

    assertThatThrownBy(() -> directory.begin(DistillConfig.defaults()))
        .isInstanceOf(RunConflictException.class)
        .hasMessageContaining("another kind of run");
  }

  @Test
  void aDirectoryWithoutConfigurationIsNoRun() {
    assertThatThrownBy(() -> RunDirectory.open(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("config.yaml");
  }

  private static MetricsLine line(int epoch) {
    return line("member-1", epoch);
  }

  private static MetricsLine line(String model, int epoch) {
    return new MetricsLine(
        model, epoch, 10L * epoch, "train", 0.5, 0.25, 1 / 3.0, 0.9, 0.1, 1e4, 2);
  }
}
