package io.retort.distill.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.retort.distill.targets.Examples;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExampleWeightTest {

  private static final int CLASSES = Examples.CLASSES;

  private final Examples examples = new Examples(2);

  @ParameterizedTest
  @CsvSource({"0.9, 1", "0.5, 1", "0.9, 3", "1, 4", "0, 2"})
  void omegaIsTheRatioOfTheGradientsOnTheLabelsLogit(double alpha, double temperature) {
    float[] onehot = new float[examples.teacher.length];
    for (int r = 0; r < Examples.ROWS; r++) {
      onehot[r * CLASSES + examples.labels[r]] = 1;
    }
    float[] ofTeacher = examples.gradientOfTeacher(1, temperature);
    float[] ofLabels = examples.gradientOfTargets(1, temperature, onehot);

    float[] omega =
        ExampleWeight.of(
            alpha, temperature, examples.teacher, examples.student, examples.labels, CLASSES);

    for (int r = 0; r < Examples.ROWS; r++) {
      int i = r * CLASSES + examples.labels[r];
      double ratio = 1 - alpha + alpha * ofTeacher[i] / ofLabels[i];
      // both pulls are the temperature times differences rounded to 1e-7, and one stands below
      double tolerance = 1e-6 * temperature * (1 + Math.abs(ratio)) / Math.abs(ofLabels[i]);
      assertThat((double) omega[r]).isCloseTo(ratio, within(tolerance));
    }
  }

  @Test
  void omegaIsTheRatioOfFiniteDifferencesOfTheLosses() {
    double alpha = 0.7;
    double step = 1e-5;
    float[] omega =
        ExampleWeight.of(alpha, 1, examples.teacher, examples.student, examples.labels, CLASSES);

    for (int r = 0; r < Examples.ROWS; r++) {
      double[] z = new double[CLASSES];
      double[] p = new double[CLASSES];
      for (int k = 0; k < CLASSES; k++) {
        z[k] = examples.student[r * CLASSES + k];
        p[k] = Math.exp(examples.teacher[r * CLASSES + k]);
      }
      double sum = Arrays.stream(p).sum();
      int t = examples.labels[r];
      double[] y = new double[CLASSES];
      y[t] = 1;
      double[] target = new double[CLASSES];
      Arrays.setAll(target, k -> (1 - alpha) * y[k] + alpha * p[k] / sum);
      double distilled = slope(target, z, t, step);
      double ofLabels = slope(y, z, t, step);
      // central differences in double are right to 1e-9 here
      assertThat((double) omega[r])
          .isCloseTo(distilled / ofLabels, within(1e-6 * (1 + 1 / Math.abs(ofLabels))));
    }
  }

  /** The derivative on one logit of the cross-entropy of a target and the student. */
  private static double slope(double[] target, double[] logits, int k, double step) {
    double[] above = logits.clone();
    double[] below = logits.clone();
    above[k] += step;
    below[k] -= step;
    return (crossEntropy(target, above) - crossEntropy(target, below)) / (2 * step);
  }

  private static double crossEntropy(double[] target, double[] logits) {
    double logSum = Math.log(Arrays.stream(logits).map(Math::exp).sum());
    double loss = 0;
    for (int k = 0; k < logits.length; k++) {
      loss += target[k] * (logSum - logits[k]);
    }
    return loss;
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
