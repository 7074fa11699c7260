package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingConfigTest {

  @Test
  void noMemberSharesItsSeedWithTheStudent() {
    DistillConfig config = DistillConfig.defaults();

    assertThat(IntStream.rangeClosed(1, config.members()).mapToLong(k -> config.member(k).seed()))
        .doesNotHaveDuplicates()
        .doesNotContain(config.student().seed());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
  void aTemperatureThatIsNotFiniteAndPositiveIsRefused(double temperature) {
    assertThatThrownBy(
            () ->
                new DistillConfig(
                    TrainingConfig.defaults(), 2, MeanKind.LOGITS, temperature, 0.5, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("temperature must be finite and > 0, got " + temperature);
  }
}
