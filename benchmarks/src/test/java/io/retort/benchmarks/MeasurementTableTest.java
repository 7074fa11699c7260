package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MeasurementTableTest {
  private final List<String> lines = MeasurementTable.of(SampleResults.ALL).lines().toList();

  @Test
  void everyMeasurementHasALineUnderTheHeader() {
    assertThat(lines).hasSize(1 + SampleResults.ALL.rows().size());
  }

  @Test
  void aLineNamesShapeSpeedAndShareOfTheCopy() {
    assertThat(lines.get(1).split(" +"))
        .containsExactly(
            "distillation-loss-of-logits",
            "100",
            "50",
            "4",
            "f32",
            "retort-avx512",
            "0.004",
            "30.00",
            "25.0%");
  }

  @Test
  void aLineNamesItsType() {
    assertThat(lines.get(0)).contains(" dtype ");
    assertThat(lines.get(lines.size() - 1)).contains(" bf16 ");
  }

  @Test
  void besideAPeerStandsHowManyTimesFasterRetortIs() {
    assertThat(lines.get(2)).contains("pytorch-autograd").endsWith("12.5x");
  }
}
