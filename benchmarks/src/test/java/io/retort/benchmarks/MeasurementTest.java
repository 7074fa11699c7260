package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class MeasurementTest {
  private static final Measurement MEASUREMENT =
      new Measurement(
          "distillation-loss", "retort", 100, 50, 4, "f32", 2, 4000, 3000, 5000, 120_000, 1000);

  @Test
  void bytesPerNanosecondAreGigabytesPerSecond() {
    assertThat(MEASUREMENT.gigabytesPerSecond()).isCloseTo(30, within(1e-12));
  }

  @Test
  void aKernelFourTimesSlowerThanTheCopyHasAQuarterOfItsSpeed() {
    assertThat(MEASUREMENT.shareOfCopy()).isCloseTo(0.25, within(1e-12));
  }

  @Test
  void aCsvLineHasAsManyFieldsAsTheHeader() {
    String line = MEASUREMENT.csv("a processor, with comma", "abc");

    int quoted = line.indexOf('"');
    int unquoted = line.lastIndexOf('"');
    String withoutMachine = line.substring(0, quoted) + line.substring(unquoted + 1);
    assertThat(withoutMachine.split(",", -1)).hasSameSizeAs(Measurement.CSV_HEADER.split(","));
  }

  @Test
  void theTableNamesShapeAndShare() {
    assertThat(Measurement.table(List.of(MEASUREMENT)))
        .contains("distillation-loss", "100", "50", "25.0%");
  }

  @Test
  void theRowsMoveAboutTheModelBytes() {
    for (int classes : new int[] {10, 1000, 128_256}) {
      assertThat((double) DistillationLossBenchmark.modelBytes(classes, 4))
          .isBetween(
              0.95 * DistillationLossBenchmark.MODEL_BYTES,
              1.0 * DistillationLossBenchmark.MODEL_BYTES);
    }
  }
}
