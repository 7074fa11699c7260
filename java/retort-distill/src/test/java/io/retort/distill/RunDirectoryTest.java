package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
  void truncationKeepsTheFirstLines() throws IOException {
    directory.append(line(1), line(2), line(3));

    directory.truncateMetrics(2);
    directory.append(line(4));

    assertThat(directory.metrics()).containsExactly(line(1), line(2), line(4));
  }

  @Test
  void aDirectoryWithoutConfigurationIsNoRun() {
    assertThatThrownBy(() -> RunDirectory.open(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("config.yaml");
  }

  private static MetricsLine line(int epoch) {
    return new MetricsLine(
        "member-1", epoch, 10L * epoch, "train", 0.5, 0.25, 1 / 3.0, 0.9, 0.1, 1e4, 2);
  }
}
