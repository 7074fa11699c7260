package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.retort.kernels.Output;
import io.retort.nn.Device;
import io.retort.nn.DeviceKind;
import java.util.List;
import org.junit.jupiter.api.Test;

class EnsembleTest {

  /** softmax of the first is (3/4, 1/4), of the second (1/2, 1/2). */
  private static final List<float[]> MEMBERS =
      List.of(new float[] {(float) Math.log(3), 0}, new float[] {0, 0});

  @Test
  void theMeanOfProbabilitiesIsArithmetic() {
    float[] mean = mean(MeanKind.PROBABILITIES, 1, Output.PROBABILITIES);

    assertThat(mean).contains(new float[] {0.625f, 0.375f}, within(1e-6f));
  }

  @Test
  void theMeanOfLogitsIsTheGeometricMeanOfTheDistributions() {
    float[] mean = mean(MeanKind.LOGITS, 1, Output.PROBABILITIES);

    float odds = (float) Math.sqrt(3);
    assertThat(mean).contains(new float[] {odds / (1 + odds), 1 / (1 + odds)}, within(1e-6f));
  }

  @Test
  void theTemperatureSoftens() {
    float[] mean = mean(MeanKind.LOGITS, 2, Output.PROBABILITIES);

    float odds = (float) Math.pow(3, 0.25);
    assertThat(mean).contains(new float[] {odds / (1 + odds), 1 / (1 + odds)}, within(1e-6f));
  }

  private static float[] mean(MeanKind kind, double temperature, Output output) {
    try (Device device = Device.open(DeviceKind.CPU, 1)) {
      return Ensemble.mean(device, MEMBERS, 2, kind, temperature, output);
    }
  }
}
