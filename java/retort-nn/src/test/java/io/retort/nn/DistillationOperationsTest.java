package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.kernels.DistillationLoss;
import io.retort.kernels.EnsembleMean;
import io.retort.kernels.Labels;
import io.retort.kernels.Matrix;
import io.retort.kernels.Mean;
import io.retort.kernels.Members;
import io.retort.kernels.Output;
import io.retort.kernels.Softmax;
import io.retort.kernels.Totals;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A device's distillation operations are those of io.retort.kernels on arrays: bit by bit on the
 * CPU, and but for rounding on CUDA.
 */
@OnEveryDevice
class DistillationOperationsTest {
  private static final int ROWS = 7;
  private static final int CLASSES = 5;
  private static final int[] LABELS = {0, 1, 2, 3, 4, 0, 1};

  private final TestDevice kind;
  private final Device device;

  DistillationOperationsTest(TestDevice kind) {
    this.kind = kind;
    this.device = kind.open(2);
  }

  private final float[] studentLogits = RandomArrays.normal(ROWS * CLASSES, 1);
  private final float[] firstLogits = RandomArrays.normal(ROWS * CLASSES, 2);
  private final float[] secondLogits = RandomArrays.normal(ROWS * CLASSES, 3);
  private Tensor teachers;
  private Tensor student;
  private Tensor result;

  @BeforeEach
  void upload() {
    teachers = device.tensor(2, ROWS, CLASSES);
    teacher(0).upload(firstLogits);
    teacher(1).upload(secondLogits);
    student = device.tensor(ROWS, CLASSES);
    student.upload(studentLogits);
    result = device.tensor(ROWS, CLASSES);
  }

  @AfterEach
  void everythingIsFreed() {
    teachers.close();
    student.close();
    result.close();
    device.close();
  }

  /** A view that does not start where its memory does. */
  private Tensor teacher(int k) {
    return teachers.view((long) k * ROWS * CLASSES, ROWS, CLASSES);
  }

  private static Matrix matrix(float[] values) {
    return Matrix.of(values, ROWS, CLASSES);
  }

  @Test
  void softmax() {
    float[] expected = new float[ROWS * CLASSES];
    Softmax.forward(matrix(studentLogits), 2, matrix(expected), null);
    device.softmax(student, 2, result);
    assertAgree(result.download(), expected);
  }

  @Test
  void ensembleMean() {
    float[] weights = {1, 3};
    float[] expected = new float[ROWS * CLASSES];
    EnsembleMean.compute(
        Members.of(matrix(firstLogits), matrix(secondLogits)),
        weights,
        Mean.PROBABILITIES,
        3,
        Output.LOG_PROBABILITIES,
        matrix(expected),
        null);
    device.ensembleMean(
        List.of(teacher(0), teacher(1)),
        weights,
        Mean.PROBABILITIES,
        3,
        Output.LOG_PROBABILITIES,
        result);
    assertAgree(result.download(), expected);
  }

  @Test
  void distillationLoss() {
    float[] rowWeights = {1, 2, 0, 1, 0.5f, 1, 1};
    float[] expectedGradient = new float[ROWS * CLASSES];
    float[] expectedLoss = new float[ROWS];
    try (DistillationLoss loss =
            DistillationLoss.builder().temperature(4).alpha(0.7f).labelSmoothing(0.1f).build();
        IntTensor labels = device.integers(ROWS);
        Tensor weights = device.tensor(ROWS);
        Tensor rowLoss = device.tensor(ROWS)) {
      Totals expected =
          loss.compute(
              matrix(studentLogits),
              Members.of(matrix(firstLogits), matrix(secondLogits)),
              Labels.of(LABELS),
              Matrix.of(rowWeights, ROWS, 1),
              matrix(expectedGradient),
              Matrix.of(expectedLoss, ROWS, 1),
              null);
      labels.upload(LABELS);
      weights.upload(rowWeights);
      Totals totals =
          device.distillationLoss(
              loss, student, List.of(teacher(0), teacher(1)), labels, weights, result, rowLoss);
      assertAgree(totals, expected);
      assertAgree(result.download(), expectedGradient);
      assertAgree(rowLoss.download(), expectedLoss);
    }
  }

  @Test
  void lossOnLabelsAloneNeedsNoTeachers() {
    try (DistillationLoss loss = DistillationLoss.builder().alpha(0).build();
        IntTensor labels = device.integers(ROWS)) {
      labels.upload(LABELS);
      Totals none = device.distillationLoss(loss, student, null, labels, null, result, null);
      Totals empty = device.distillationLoss(loss, student, List.of(), labels, null, null, null);
      assertThat(none.total()).isPositive().isEqualTo(empty.total()).isEqualTo(none.hard());
    }
  }

  @Test
  void hostileTensorsAreNamed() {
    try (DistillationLoss loss = DistillationLoss.builder().build();
        Device other = kind.open(1);
        Tensor foreign = other.tensor(ROWS, CLASSES);
        IntTensor foreignLabels = other.integers(ROWS);
        IntTensor fewLabels = device.integers(ROWS - 1);
        Tensor vector = device.tensor(ROWS * CLASSES)) {
      assertRefused("logits", () -> device.softmax(vector, 1, result));
      assertRefused("output", () -> device.softmax(student, 1, foreign));
      assertRefused("temperature", () -> device.softmax(student, 0, result));
      assertRefused(
          "members[1]",
          () ->
              device.ensembleMean(
                  List.of(student, foreign), null, Mean.LOGITS, 1, Output.LOGITS, result));
      assertRefused(
          "members",
          () -> device.ensembleMean(List.of(), null, Mean.LOGITS, 1, Output.LOGITS, result));
      assertRefused(
          "labels",
          () -> device.distillationLoss(loss, student, null, foreignLabels, null, null, null));
      assertRefused(
          "labels",
          () ->
              device.distillationLoss(
                  loss, student, List.of(teacher(0)), fewLabels, null, null, null));
      assertRefused(
          "loss", () -> device.distillationLoss(null, student, null, fewLabels, null, null, null));
    }
  }

  private void assertAgree(float[] actual, float[] expected) {
    assertThat(actual).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).isCloseTo(expected[i], within((float) tolerance(expected[i])));
    }
  }

  private void assertAgree(Totals actual, Totals expected) {
    assertThat(actual.total()).isCloseTo(expected.total(), within(tolerance(expected.total())));
    assertThat(actual.hard()).isCloseTo(expected.hard(), within(tolerance(expected.hard())));
    assertThat(actual.soft()).isCloseTo(expected.soft(), within(tolerance(expected.soft())));
    assertThat(actual.denominator()).isEqualTo(expected.denominator());
    assertThat(actual.countedRows()).isEqualTo(expected.countedRows());
  }

  /** On CUDA some ten roundings of values of this size, and of the logits, which are about 1. */
  private double tolerance(double expected) {
    return kind == TestDevice.CPU ? 0 : 10 * Math.ulp(1f) * (1 + Math.abs(expected));
  }

  private static void assertRefused(String message, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
