package io.retort.distill.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExampleWeightTest {

  private static final int CLASSES = Examples.CLASSES;

  private final Examples examples = new Examples(2);

  @ParameterizedTest
  @CsvSource({"0.9, 1", "0.5, 1", "0.9, 3", "1, 4", "0, 2"})
  void omegaIsTheRatioOfTheGradientsOnTheLabelsLogit(double alpha, double temperature) {
    float[] distilled = examples.gradientOfTeacher(alpha, temperature);
    float[] ofLabels = examples.gradientOfTeacher(0, 1);

    float[] omega =
        ExampleWeight.of(
            alpha, temperature, examples.teacher, examples.student, examples.labels, CLASSES);

    for (int r = 0; r < Examples.ROWS; r++) {
      int i = r * CLASSES + examples.labels[r];
      double ratio = (double) distilled[i] / ofLabels[i];
      // the labels' pull is rounded to 6e-8 of at most 1, and stands below
      double tolerance = 2e-6 * (1 + Math.abs(ratio)) / Math.abs(ofLabels[i]);
      assertThat((double) omega[r]).isCloseTo(ratio, within(tolerance));
    }
  }

  @Test
  void omegaAtTemperatureOneIsThatOfThePaper() {
    float[] p = Examples.probabilities(examples.teacher, 1);
    float[] q = Examples.probabilities(examples.student, 1);

    float[] omega =
        ExampleWeight.of(0.8, 1, examples.teacher, examples.student, examples.labels, CLASSES);

    for (int r = 0; r < Examples.ROWS; r++) {
      int i = r * CLASSES + examples.labels[r];
      double expected = 1 - 0.8 * (1 - p[i]) / (1 - q[i]);
      assertThat((double) omega[r]).isCloseTo(expected, within(1e-6 / (1 - q[i])));
    }
  }

  @Test
  void omegaIsTheLabelsShareWhereStudentAndTeacherAgree() {
    float[] omega =
        ExampleWeight.of(0.9, 3, examples.teacher, examples.teacher, examples.labels, CLASSES);

    for (float weight : omega) {
      assertThat(weight).isCloseTo(0.1f, within(1e-6f));
    }
  }

  @Test
  void omegaIsExactWhereTheStudentIsAllButSure() {
    float[] student = {40, 0};
    float[] teacher = {41, 0};

    float[] omega = ExampleWeight.of(1, 1, teacher, student, new int[] {0}, 2);

    assertThat(omega[0]).isCloseTo((float) (1 - Math.exp(-1)), within(1e-6f));
  }

  @Test
  void weightsAreSortedByWhatTheTeacherGivesTheLabel() {
    float[] target = {0.05f, 0.91f, 1, 0.95f, 0.96f, 0.5f};
    float[] weights = {-3, 1, 2, 3, 5, Float.NaN};

    assertThat(WeightBin.of(target, weights))
        .containsExactly(
            new WeightBin(0, 0.1, 1, -3, -3, -3), new WeightBin(0.9, 1, 4, 1.75, 2.5, 3.5));
  }
}
