package io.retort.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Random;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DistillationLossTest {
  private static final int ROWS = 5;
  private static final int CLASSES = 37;

  private final Random random = new Random(1);

  private float[] logits() {
    float[] values = new float[ROWS * CLASSES];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (2 * random.nextGaussian());
    }
    return values;
  }

  private static double[] row(float[] values, int i) {
    double[] row = new double[CLASSES];
    for (int j = 0; j < CLASSES; j++) {
      row[j] = values[i * CLASSES + j];
    }
    return row;
  }

  private static Matrix matrix(float[] values) {
    return Matrix.of(values, ROWS, CLASSES);
  }

  @ParameterizedTest
  @EnumSource(Mean.class)
  void matchesTheFormulaInDoublePrecision(Mean mean) {
    float[] student = logits();
    float[][] teachers = {logits(), logits(), logits()};
    int[] labels = {0, 36, 5, 7, 20};
    float[] gradient = new float[ROWS * CLASSES];
    float[] rowLoss = new float[ROWS];
    Totals totals;
    try (DistillationLoss loss =
        DistillationLoss.builder().mean(mean).temperature(3).alpha(0.7f).reduction(Reduction.SUM).build()) {
      totals =
          loss.compute(
              matrix(student),
              Members.of(matrix(teachers[0]), matrix(teachers[1]), matrix(teachers[2])),
              Labels.of(labels), null, matrix(gradient), Matrix.of(rowLoss, ROWS, 1), null);
    }
    double sum = 0;
    for (int i = 0; i < ROWS; i++) {
      double[][] rows = {row(teachers[0], i), row(teachers[1], i), row(teachers[2], i)};
      PlainDistillation expected = new PlainDistillation(row(student, i), rows, mean, 3, 0.7f, labels[i]);
      assertThat((double) rowLoss[i]).isCloseTo(expected.loss, within(1e-4));
      for (int j = 0; j < CLASSES; j++) {
        assertThat((double) gradient[i * CLASSES + j]).isCloseTo(expected.gradient[j], within(1e-5));
      }
      sum += expected.loss;
    }
    assertThat(totals.total()).isCloseTo(sum, within(1e-3));
    assertThat(totals.countedRows()).isEqualTo(ROWS);
  }

  @Test
  void arraysBuffersAndPointersGiveTheSameBits() {
    float[] student = logits();
    float[] teacher = logits();
    int[] labels = {1, 2, 3, 4, 5};
    long[] wide = {1, 2, 3, 4, 5};
    try (DistillationLoss loss = DistillationLoss.builder().temperature(2).build();
        FloatPointer studentPointer = new FloatPointer(student);
        FloatPointer teacherPointer = new FloatPointer(teacher);
        FloatPointer gradientPointer = new FloatPointer(student.length);
        IntPointer labelPointer = new IntPointer(labels);
        LongPointer wideLabelPointer = new LongPointer(wide)) {
      float[] fromArrays = new float[student.length];
      Totals expected =
          loss.compute(
              matrix(student), Members.of(matrix(teacher)), Labels.of(labels), null, matrix(fromArrays), null,
              null);

      FloatBuffer gradientBuffer = direct(new float[student.length]);
      Totals buffers =
          loss.compute(
              Matrix.of(direct(student), ROWS, CLASSES), Members.of(Matrix.of(direct(teacher), ROWS, CLASSES)),
              Labels.of(wide), null, Matrix.of(gradientBuffer, ROWS, CLASSES), null, null);
      Totals pointers =
          loss.compute(
              Matrix.of(studentPointer, ROWS, CLASSES), Members.of(Matrix.of(teacherPointer, ROWS, CLASSES)),
              Labels.of(labelPointer), null, Matrix.of(gradientPointer, ROWS, CLASSES), null, null);
      Totals widePointers =
          loss.compute(
              Matrix.of(studentPointer, ROWS, CLASSES), Members.of(Matrix.of(teacherPointer, ROWS, CLASSES)),
              Labels.of(wideLabelPointer), null, null, null, null);

      assertThat(buffers).isEqualTo(expected);
      assertThat(pointers).isEqualTo(expected);
      assertThat(widePointers).isEqualTo(expected);
      float[] fromPointers = new float[student.length];
      gradientPointer.get(fromPointers);
      assertThat(fromPointers).isEqualTo(fromArrays);
      float[] fromBuffers = new float[student.length];
      gradientBuffer.get(0, fromBuffers);
      assertThat(fromBuffers).isEqualTo(fromArrays);
    }
  }

  private static FloatBuffer direct(float[] values) {
    FloatBuffer buffer =
        ByteBuffer.allocateDirect(4 * values.length).order(ByteOrder.nativeOrder()).asFloatBuffer();
    return buffer.put(0, values);
  }

  @Test
  void theGradientMayReplaceTheStudentsLogits() {
    float[] student = logits();
    Members teachers = Members.of(matrix(logits()));
    Labels labels = Labels.of(new int[] {1, 2, 3, 4, 5});
    float[] apart = new float[student.length];
    try (DistillationLoss loss = DistillationLoss.builder().build();
        FloatPointer inPlace = new FloatPointer(student)) {
      loss.compute(matrix(student), teachers, labels, null, matrix(apart), null, null);
      Matrix both = Matrix.of(inPlace, ROWS, CLASSES);
      loss.compute(both, teachers, labels, null, both, null, null);
      float[] result = new float[student.length];
      inPlace.get(result);
      assertThat(result).isEqualTo(apart);
      Matrix array = matrix(student);
      loss.compute(array, teachers, labels, null, array, null, null);
      assertThat(student).isEqualTo(apart);
    }
  }

  @Test
  void theBitsDoNotDependOnTheNumberOfThreads() {
    int rows = 2000;
    float[] student = new float[rows * 10];
    float[] teacher = new float[rows * 10];
    int[] labels = new int[rows];
    for (int i = 0; i < student.length; i++) {
      student[i] = (float) random.nextGaussian();
      teacher[i] = (float) random.nextGaussian();
    }
    float[] expected = new float[student.length];
    try (DistillationLoss loss = DistillationLoss.builder().mean(Mean.PROBABILITIES).build()) {
      Members teachers = Members.of(Matrix.of(teacher, rows, 10));
      Totals alone =
          loss.compute(
              Matrix.of(student, rows, 10), teachers, Labels.of(labels), null, Matrix.of(expected, rows, 10),
              null, null);
      for (int threads : new int[] {1, 2, 7}) {
        float[] gradient = new float[student.length];
        try (ThreadPool pool = new ThreadPool(threads)) {
          Totals totals =
              loss.compute(
                  Matrix.of(student, rows, 10), teachers, Labels.of(labels), null,
                  Matrix.of(gradient, rows, 10), null, pool);
          assertThat(totals).isEqualTo(alone);
        }
        assertThat(gradient).isEqualTo(expected);
      }
    }
  }

  @Test
  void whatIsClosedIsRefused() {
    Matrix student = matrix(logits());
    Members teachers = Members.of(student);
    Labels labels = Labels.of(new int[ROWS]);
    DistillationLoss loss = DistillationLoss.builder().build();
    ThreadPool pool = new ThreadPool(2);
    pool.close();
    pool.close();
    assertThatThrownBy(() -> loss.compute(student, teachers, labels, null, null, null, pool))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("thread pool");
    loss.close();
    loss.close();
    assertThatThrownBy(() -> loss.compute(student, teachers, labels, null, null, null, null))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("distillation loss");
  }

  @Test
  void freedMemoryIsRefusedByName() {
    FloatPointer values = new FloatPointer(logits());
    Matrix student = Matrix.of(values, ROWS, CLASSES);
    values.deallocate();
    try (DistillationLoss loss = DistillationLoss.builder().build()) {
      assertThatThrownBy(
              () -> loss.compute(student, Members.of(matrix(logits())), Labels.of(new int[ROWS]), null, null, null, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("student");
    }
  }

  @Test
  void aReadOnlyBufferIsNoOutput() {
    Matrix readOnly = Matrix.of(direct(logits()).asReadOnlyBuffer(), ROWS, CLASSES);
    assertThatThrownBy(() -> Softmax.forward(matrix(logits()), 1, readOnly, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("output")
        .hasMessageContaining("read-only");
  }
}
