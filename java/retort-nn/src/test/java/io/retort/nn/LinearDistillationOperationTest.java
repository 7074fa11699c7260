package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.kernels.DistillationLoss;
import io.retort.kernels.Mean;
import io.retort.kernels.Totals;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A device's linear distillation is its matrix products and its distillation loss in one. */
@OnEveryDevice
class LinearDistillationOperationTest {
  private static final int ROWS = 40;

  /** Of a row that needs no padding on CUDA, where padding counts. */
  private static final int CLASSES = 72;

  private static final int STUDENT_SIZE = 12;
  private static final int[] TEACHER_SIZES = {5, 20, 9};
  private static final long ENOUGH = 1 << 20;

  /** A row of the student's logits and of two matrices of the teachers'. */
  private static final long ROW_BYTES = 3 * 4 * CLASSES;

  private final Device device;
  private final DistillationLoss loss =
      DistillationLoss.builder()
          .mean(Mean.PROBABILITIES)
          .temperature(3)
          .alpha(0.7f)
          .teacherWeights(1, 2, 3)
          .build();
  private LinearTensors student;
  private LinearTensors gradient;
  private List<LinearTensors> teachers;
  private IntTensor labels;
  private Tensor rowWeights;
  private Tensor rowLoss;

  LinearDistillationOperationTest(TestDevice on) {
    device = on.open(2);
  }

  @BeforeEach
  void upload() {
    student = layer(STUDENT_SIZE, 1);
    gradient = layer(STUDENT_SIZE, 2);
    teachers =
        List.of(layer(TEACHER_SIZES[0], 3), layer(TEACHER_SIZES[1], 4), layer(TEACHER_SIZES[2], 5));
    labels = device.integers(ROWS);
    int[] classes = new int[ROWS];
    for (int i = 0; i < ROWS; i++) {
      classes[i] = i % 7 == 0 ? -100 : i * 3 % CLASSES;
    }
    labels.upload(classes);
    rowWeights = tensor(6, ROWS);
    float[] weights = new float[ROWS];
    for (int i = 0; i < ROWS; i++) {
      weights[i] = i % 3;
    }
    rowWeights.upload(weights);
    rowLoss = tensor(7, ROWS);
  }

  @AfterEach
  void everythingIsFreed() {
    close(student);
    close(gradient);
    teachers.forEach(LinearDistillationOperationTest::close);
    labels.close();
    rowWeights.close();
    rowLoss.close();
    loss.close();
    device.close();
  }

  private LinearTensors layer(int hiddenSize, long seed) {
    return new LinearTensors(
        tensor(seed, ROWS, hiddenSize),
        tensor(seed + 100, CLASSES, hiddenSize),
        tensor(seed + 200, CLASSES));
  }

  private Tensor tensor(long seed, long... shape) {
    Tensor tensor = device.tensor(shape);
    tensor.upload(RandomArrays.normal(tensor.download().length, seed));
    return tensor;
  }

  private static void close(LinearTensors tensors) {
    tensors.hidden().close();
    tensors.weights().close();
    tensors.bias().close();
  }

  private Totals compute(long budget) {
    return device.linearDistillation(
        loss, student, teachers, labels, rowWeights, gradient, rowLoss, budget);
  }

  private Tensor logits(LinearTensors layer) {
    Tensor logits = device.tensor(ROWS, CLASSES);
    device.matrixProduct(
        false,
        true,
        ROWS,
        CLASSES,
        layer.hidden().size() / ROWS,
        layer.hidden(),
        layer.weights(),
        false,
        logits);
    device.addToRows(layer.bias(), logits);
    return logits;
  }

  private static void assertClose(Tensor actual, Tensor expected) {
    float[] values = expected.download();
    float[] results = actual.download();
    for (int i = 0; i < values.length; i++) {
      assertThat(results[i]).isCloseTo(values[i], within(1e-5f * (1 + Math.abs(values[i]))));
    }
  }

  @Test
  void itsResultsAreThoseOfTheOperationsItIsMadeOf() {
    try (Tensor logits = logits(student);
        Tensor first = logits(teachers.get(0));
        Tensor second = logits(teachers.get(1));
        Tensor third = logits(teachers.get(2));
        Tensor expectedLoss = device.tensor(ROWS);
        Tensor hidden = device.tensor(ROWS, STUDENT_SIZE);
        Tensor weights = device.tensor(CLASSES, STUDENT_SIZE);
        Tensor bias = device.tensor(CLASSES)) {
      Totals expected =
          device.distillationLoss(
              loss,
              logits,
              List.of(first, second, third),
              labels,
              rowWeights,
              logits,
              expectedLoss);
      device.matrixProduct(
          false, false, ROWS, STUDENT_SIZE, CLASSES, logits, student.weights(), false, hidden);
      device.matrixProduct(
          true, false, CLASSES, STUDENT_SIZE, ROWS, logits, student.hidden(), false, weights);
      device.columnSums(logits, bias);
      for (long budget : new long[] {ROW_BYTES, 7 * ROW_BYTES, 33 * ROW_BYTES, ENOUGH}) {
        Totals totals = compute(budget);
        assertThat(totals.total()).isCloseTo(expected.total(), within(1e-5 * expected.total()));
        assertThat(totals.countedRows()).isEqualTo(expected.countedRows());
        assertThat(totals.denominator()).isEqualTo(expected.denominator());
        assertClose(rowLoss, expectedLoss);
        assertClose(gradient.hidden(), hidden);
        assertClose(gradient.weights(), weights);
        assertClose(gradient.bias(), bias);
      }
    }
  }

  @Test
  void aSmallStepAgainstTheGradientLowersTheLossByItsSquare() {
    double before = compute(10 * ROW_BYTES).total();
    double squares = 0;
    Tensor[] parameters = {student.hidden(), student.weights(), student.bias()};
    Tensor[] slopes = {gradient.hidden(), gradient.weights(), gradient.bias()};
    for (Tensor slope : slopes) {
      for (float g : slope.download()) {
        squares += (double) g * g;
      }
    }
    float step = (float) (1e-3 * before / squares);
    for (int i = 0; i < parameters.length; i++) {
      device.linearCombination(1, parameters[i], -step, slopes[i], parameters[i]);
    }
    double lowered = before - compute(10 * ROW_BYTES).total();
    assertThat(lowered).isCloseTo(step * squares, within(0.02 * step * squares));
  }

  @Test
  void whatIsNotWantedMayBeLeftOut() {
    Totals all = compute(ENOUGH);
    float[] weights = gradient.weights().download();
    gradient.weights().upload(new float[weights.length]);
    LinearTensors weightsOnly = new LinearTensors(null, gradient.weights(), null);
    assertThat(
            device.linearDistillation(
                loss, student, teachers, labels, rowWeights, weightsOnly, null, ENOUGH))
        .isEqualTo(all);
    assertThat(gradient.weights().download()).isEqualTo(weights);
    assertThat(
            device.linearDistillation(
                loss, student, teachers, labels, rowWeights, null, null, ENOUGH))
        .isEqualTo(all);
  }

  @Test
  void aBudgetBelowOneRowIsRefusedWithTheLeastThatIsEnough() {
    assertThatThrownBy(() -> compute(ROW_BYTES - 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("budget must be at least " + ROW_BYTES + " bytes");
  }

  @Test
  void aBadArgumentIsNamed() {
    LinearTensors bad = new LinearTensors(student.hidden(), student.bias(), null);
    assertThatThrownBy(
            () ->
                device.linearDistillation(
                    loss, bad, teachers, labels, rowWeights, gradient, rowLoss, ENOUGH))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("student weights");
    assertThatThrownBy(
            () ->
                device.linearDistillation(
                    loss, null, teachers, labels, rowWeights, gradient, rowLoss, ENOUGH))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("student");
    assertThatThrownBy(
            () ->
                device.linearDistillation(
                    loss, student, teachers, labels, rowWeights, student, rowLoss, ENOUGH))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("overlap");
    assertThatThrownBy(
            () ->
                device.linearDistillation(
                    loss,
                    student,
                    teachers.subList(0, 2),
                    labels,
                    rowWeights,
                    gradient,
                    rowLoss,
                    ENOUGH))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("teachers must number 3");
  }
}
