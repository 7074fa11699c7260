package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingTableTest {
  private static final List<TrainingMeasurement> ROWS =
      List.of(row("wrn-16-2", "retort-avx512", 100e6), row("wrn-16-2", "pytorch", 250e6));

  private static TrainingMeasurement row(String network, String provider, double median) {
    return new TrainingMeasurement(
        network, provider, 128, 2, median, median - 1, median + 1, 20, 0.4, "a, processor", "abc");
  }

  @Test
  void aLineGivesImagesASecondAndTheShareOfTheMatrixProduct() {
    assertThat(TrainingTable.of(ROWS).lines().toList().get(1).split(" +"))
        .containsExactly("wrn-16-2", "128", "retort-avx512", "100.0", "1280", "20.0", "40.0%");
  }

  @Test
  void besideAPeerStandsHowManyTimesFasterRetortIs() {
    assertThat(TrainingTable.of(ROWS).lines().toList().get(2)).endsWith("2.5x");
  }

  @Test
  void whatIsWrittenIsReadBack(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("training.csv");

    Csv.write(file, TrainingMeasurement.class, ROWS);

    assertThat(Csv.read(file, TrainingMeasurement.class)).isEqualTo(ROWS);
  }
}
