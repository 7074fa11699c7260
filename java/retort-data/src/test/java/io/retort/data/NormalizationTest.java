package io.retort.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class NormalizationTest {

  @Test
  void isTheMeanAndTheStandardDeviationOfEachChannel() {
    ImageDataset dataset = Examples.random(50, 5, 4, 3);

    Normalization normalization = Normalization.of(dataset);

    for (int channel = 0; channel < 3; channel++) {
      double sum = 0;
      for (int i = 0; i < 50; i++) {
        for (int p = channel; p < 60; p += 3) {
          sum += (dataset.pixels(i)[p] & 0xff) / 255.0;
        }
      }
      double mean = sum / 1000;
      double squares = 0;
      for (int i = 0; i < 50; i++) {
        for (int p = channel; p < 60; p += 3) {
          squares += Math.pow((dataset.pixels(i)[p] & 0xff) / 255.0 - mean, 2);
        }
      }
      assertThat(normalization.mean().get(channel)).isCloseTo(mean, within(1e-12));
      assertThat(normalization.standardDeviation().get(channel))
          .isCloseTo(Math.sqrt(squares / 1000), within(1e-12));
    }
  }

  @Test
  void looksOnlyAtTheExamplesOfALimitedDataSet() {
    byte[] pixels = {10, 20, 127, 127};
    ImageDataset dataset = ImageDataset.of(pixels, new int[2], 1, 2, 1, List.of("a"));

    Normalization normalization = Normalization.of(dataset.limit(1));

    assertThat(normalization.mean().get(0)).isCloseTo(15 / 255.0, within(1e-15));
    assertThat(normalization.standardDeviation().get(0)).isCloseTo(5 / 255.0, within(1e-15));
  }

  @Test
  void aConstantChannelBecomesZero() {
    byte[] pixels = {(byte) 200, (byte) 200};
    ImageDataset dataset = ImageDataset.of(pixels, new int[1], 1, 2, 1, List.of("a"));

    Normalization normalization = Normalization.of(dataset);

    assertThat(normalization.standardDeviation()).containsExactly(1.0);
    assertThat(normalization.table()[0][200]).isZero();
  }

  @Test
  void theTableMapsEveryValueOfEveryChannel() {
    Normalization normalization = new Normalization(List.of(0.25, 0.5), List.of(0.5, 2.0));

    float[][] table = normalization.table();

    assertThat(table).hasDimensions(2, 256);
    for (int value = 0; value < 256; value++) {
      assertThat(table[0][value]).isEqualTo((float) ((value / 255.0 - 0.25) / 0.5));
      assertThat(table[1][value]).isEqualTo((float) ((value / 255.0 - 0.5) / 2));
    }
  }

  @Test
  void refusesNumbersThatNormaliseNothing() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Normalization(List.of(0.5), List.of(0.0)))
        .withMessage("standardDeviation[0] must be finite and > 0, got 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Normalization(List.of(0.5), List.of(Double.NaN)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Normalization(List.of(0.5), List.of(Double.POSITIVE_INFINITY)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Normalization(List.of(0.5, Double.NaN), List.of(1.0, 1.0)))
        .withMessage("mean[1] must be finite, got NaN");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Normalization(List.of(0.5), List.of(1.0, 1.0)));
    assertThatIllegalArgumentException().isThrownBy(() -> new Normalization(List.of(), List.of()));
    assertThatIllegalArgumentException().isThrownBy(() -> new Normalization(null, List.of(1.0)));
  }
}
