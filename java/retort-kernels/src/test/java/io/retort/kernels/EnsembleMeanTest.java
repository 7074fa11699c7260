package io.retort.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class EnsembleMeanTest {
  private final float[] first = {1, 2, 3};
  private final float[] second = {3, 2, 1};
  private final Members members = Members.of(Matrix.of(first, 1, 3), Matrix.of(second, 1, 3));

  @Test
  void averagesLogitsByWeight() {
    float[] mean = new float[3];
    EnsembleMean.compute(
        members, new float[] {3, 1}, Mean.LOGITS, 1, Output.LOGITS, Matrix.of(mean, 1, 3), null);
    assertThat(mean).containsExactly(1.5f, 2, 2.5f);
  }

  @Test
  void averagesProbabilitiesAtTheTemperature() {
    float[] mean = new float[3];
    EnsembleMean.compute(
        members, null, Mean.PROBABILITIES, 2, Output.PROBABILITIES, Matrix.of(mean, 1, 3), null);
    double[] a = PlainDistillation.softmax(new double[] {1, 2, 3}, 2);
    double[] b = PlainDistillation.softmax(new double[] {3, 2, 1}, 2);
    for (int j = 0; j < 3; j++) {
      assertThat((double) mean[j]).isCloseTo((a[j] + b[j]) / 2, within(1e-6));
    }
  }

  @Test
  void membersOfDifferentShapesAreRefused() {
    assertThatThrownBy(() -> Members.of(Matrix.of(first, 1, 3), Matrix.of(second, 1, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("member 1 must be 1 x 3, got 1 x 2");
  }

  @Test
  void weightsMustMatchTheMembers() {
    assertThatThrownBy(
            () ->
                EnsembleMean.compute(
                    members,
                    new float[1],
                    Mean.LOGITS,
                    1,
                    Output.LOGITS,
                    Matrix.of(new float[3], 1, 3),
                    null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("weights must number 2");
  }

  @Test
  void theInstructionSetHasAName() {
    assertThat(InstructionSet.current()).isIn("scalar", "avx2", "avx512");
  }
}
