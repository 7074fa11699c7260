package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class MetricsTest {

  private static final float LOG_3 = (float) Math.log(3);

  @Test
  void accuracyAndLikelihoodMatchAHandCalculation() {
    // probabilities 3/4 and 1/4 for class 0
    Metrics metrics = Metrics.of(new float[] {LOG_3, 0, 0, LOG_3}, new int[] {0, 0}, 2);

    assertThat(metrics.accuracy()).isEqualTo(0.5);
    assertThat(metrics.negativeLogLikelihood())
        .isCloseTo(-(Math.log(0.75) + Math.log(0.25)) / 2, within(1e-7));
  }

  @Test
  void calibrationErrorIsTheGapBetweenConfidenceAndAccuracy() {
    // four predictions, each 3/4 sure: three right is calibrated, none right is wrong by 3/4
    float[] logits = {LOG_3, 0, LOG_3, 0, LOG_3, 0, LOG_3, 0};

    assertThat(Metrics.of(logits, new int[] {0, 0, 0, 1}, 2).expectedCalibrationError())
        .isCloseTo(0, within(1e-7));
    assertThat(Metrics.of(logits, new int[] {1, 1, 1, 1}, 2).expectedCalibrationError())
        .isCloseTo(0.75, within(1e-7));
  }

  @Test
  void everyExampleFallsIntoOneBinEvenWhenCertain() {
    Metrics metrics = Metrics.of(new float[] {1000, -1000, 0, 0}, new int[] {0, 0}, 2);

    assertThat(metrics.reliability()).hasSize(Metrics.BINS);
    assertThat(metrics.reliability().stream().mapToInt(Metrics.Bin::examples).sum()).isEqualTo(2);
    assertThat(metrics.reliability().get(Metrics.BINS - 1).confidence()).isEqualTo(1);
  }

  @Test
  void agreementCountsEqualPredictions() {
    assertThat(Metrics.agreement(new float[] {1, 0, 1, 0}, new float[] {9, 3, 0, 1}, 2))
        .isEqualTo(0.5);
  }

  @Test
  void sizesThatDoNotMatchAreRefused() {
    assertThatThrownBy(() -> Metrics.of(new float[3], new int[2], 2))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Metrics.of(new float[0], new int[0], 2))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
