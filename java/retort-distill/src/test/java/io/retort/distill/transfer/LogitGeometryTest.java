package io.retort.distill.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.distill.targets.ClassSimilarity;
import io.retort.distill.targets.Examples;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogitGeometryTest {

  private static final int CLASSES = Examples.CLASSES;

  private final Examples examples = new Examples(3);

  private LogitGeometry geometry(float[] logits, double temperature) {
    return LogitGeometry.of(
        logits, examples.teacher, examples.labels, examples.similarity(), temperature);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.3, 0.9, 1})
  void theLossIsFlatAtTheOptimum(double alpha) {
    float[] optimum =
        LogitGeometry.optimalLogits(alpha, examples.teacher, examples.labels, CLASSES);

    float[] gradient = examples.gradientOfTeacher(alpha, 1, optimum);

    for (float g : gradient) {
      assertThat(g).isCloseTo(0, within(5e-7f));
    }
  }

  @Test
  void gapsOfTheOptimumAreThoseOfThePaper() {
    float[] p = Examples.probabilities(examples.teacher, 1);
    float[] optimum = LogitGeometry.optimalLogits(0.7, examples.teacher, examples.labels, CLASSES);

    for (int r = 0; r < Examples.ROWS; r++) {
      int t = r * CLASSES + examples.labels[r];
      for (int i = r * CLASSES; i < (r + 1) * CLASSES; i++) {
        double expected = i == t ? 0 : Math.log((0.3 + 0.7 * p[t]) / (0.7 * p[i]));
        assertThat((double) optimum[t] - optimum[i]).isCloseTo(expected, within(1e-5));
      }
    }
  }

  @Test
  void aStudentLikeItsTeacherHasGapsThatGrowByTheTemperature() {
    float[] sure = new float[examples.teacher.length];
    for (int i = 0; i < sure.length; i++) {
      boolean isLabel = i % CLASSES == examples.labels[i / CLASSES];
      sure[i] = isLabel ? 40 : examples.teacher[i];
    }

    LogitGeometry geometry =
        LogitGeometry.of(sure, sure, examples.labels, examples.similarity(), 2);

    assertThat(geometry.slope()).isCloseTo(2, within(1e-6));
    assertThat(geometry.correlation()).isCloseTo(1, within(1e-6));
  }

  @Test
  void evenLogitsHaveEvenGaps() {
    float[] smoothed = new float[examples.teacher.length];
    for (int r = 0; r < Examples.ROWS; r++) {
      smoothed[r * CLASSES + examples.labels[r]] = 5;
    }

    LogitGeometry geometry = geometry(smoothed, 1);

    assertThat(geometry.similarGap()).isEqualTo(5);
    assertThat(geometry.dissimilarGap()).isEqualTo(5);
    assertThat(geometry.slope()).isZero();
    assertThat(geometry.correlation()).isZero();
    assertThat(geometry.bins()).allSatisfy(bin -> assertThat(bin.gap()).isEqualTo(5));
  }

  @Test
  void gapsToSimilarClassesAreMeasuredApart() {
    ClassSimilarity similarity = examples.similarity();
    float[] logits = new float[examples.teacher.length];
    for (int i = 0; i < logits.length; i++) {
      int label = examples.labels[i / CLASSES];
      logits[i] = i % CLASSES == similarity.mostLike(label) ? -1 : -9;
      logits[i] = i % CLASSES == label ? 0 : logits[i];
    }

    LogitGeometry geometry = geometry(logits, 1);

    assertThat(geometry.similarGap()).isEqualTo(1);
    assertThat(geometry.dissimilarGap()).isEqualTo(9);
  }

  @Test
  void everyPairIsInOneBin() {
    LogitGeometry geometry = geometry(examples.student, 0.2);

    assertThat(geometry.bins().stream().mapToInt(LogitGeometry.Bin::pairs).sum())
        .isEqualTo(Examples.ROWS * (CLASSES - 1));
    assertThat(geometry.bins()).extracting(LogitGeometry.Bin::lower).isSorted().contains(15.0);
    double mean =
        geometry.bins().stream().mapToDouble(bin -> bin.pairs() * bin.gap()).sum()
            / (Examples.ROWS * (CLASSES - 1));
    double expected = 0;
    for (int i = 0; i < examples.student.length; i++) {
      int row = i / CLASSES;
      expected += examples.student[row * CLASSES + examples.labels[row]] - examples.student[i];
    }
    assertThat(mean).isCloseTo(expected / (Examples.ROWS * (CLASSES - 1)), within(1e-6));
  }

  @Test
  void sizesThatDoNotFitAreNamed() {
    float[] few = new float[3];

    assertThatThrownBy(() -> geometry(few, 1)).hasMessageContaining("logits must have");
    assertThatThrownBy(() -> LogitGeometry.optimalLogits(1, few, examples.labels, CLASSES))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("teacher must have");
    assertThatThrownBy(
            () -> ExampleWeight.of(1, 1, examples.teacher, few, examples.labels, CLASSES))
        .hasMessageContaining("student must have");
    assertThatThrownBy(() -> LabelProbability.of(few, examples.labels, CLASSES, 1))
        .hasMessageContaining("logits must have");
  }

  @Test
  void gapsNeedExamplesAndTwoClasses() {
    assertThatThrownBy(
            () ->
                LogitGeometry.of(new float[0], new float[0], new int[0], examples.similarity(), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("two classes");
  }
}
