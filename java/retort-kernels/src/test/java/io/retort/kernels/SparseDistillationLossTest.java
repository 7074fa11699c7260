package io.retort.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SparseDistillationLossTest {
  private static final int ROWS = 4;
  private static final int CLASSES = 30;
  private static final float TEMPERATURE = 2;

  private final Random random = new Random(1);
  private final Labels labels = Labels.of(new int[] {0, 29, 5, 7});

  private float[] logits() {
    float[] values = new float[ROWS * CLASSES];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (2 * random.nextGaussian());
    }
    return values;
  }

  private static Matrix matrix(float[] values) {
    return Matrix.of(values, ROWS, CLASSES);
  }

  /** The k largest classes of a teacher. */
  private static final class Listed {
    final int k;
    final int[] indices;
    final float[] values;

    Listed(float[] logits, int k, Output form) {
      this.k = k;
      indices = new int[ROWS * k];
      values = new float[ROWS * k];
      Indices out = Indices.of(indices, ROWS, k);
      TopK.compute(matrix(logits), form, TEMPERATURE, out, Matrix.of(values, ROWS, k), null);
    }

    SparseTeacher teacher() {
      return new SparseTeacher(Indices.of(indices, ROWS, k), Matrix.of(values, ROWS, k));
    }
  }

  private static SparseDistillationLoss.Builder builder() {
    return SparseDistillationLoss.builder().temperature(TEMPERATURE).alpha(0.7f);
  }

  private Totals compute(
      SparseDistillationLoss.Builder builder,
      float[] student,
      List<SparseTeacher> teachers,
      float[] gradient) {
    try (SparseDistillationLoss loss = builder.build()) {
      return loss.compute(matrix(student), teachers, labels, null, matrix(gradient), null, null);
    }
  }

  @ParameterizedTest
  @EnumSource(Tail.class)
  void teachersThatListAllClassesGiveTheDenseLoss(Tail tail) {
    float[] student = logits();
    float[][] teachers = {logits(), logits()};
    float[] dense = new float[student.length];
    float[] sparse = new float[student.length];
    Totals expected;
    try (DistillationLoss loss =
        DistillationLoss.builder()
            .mean(Mean.PROBABILITIES)
            .temperature(TEMPERATURE)
            .alpha(0.7f)
            .teacherWeights(1, 3)
            .labelSmoothing(0.1f)
            .build()) {
      expected =
          loss.compute(
              matrix(student),
              Members.of(matrix(teachers[0]), matrix(teachers[1])),
              labels,
              null,
              matrix(dense),
              null,
              null);
    }
    List<SparseTeacher> listed =
        Arrays.stream(teachers)
            .map(own -> new Listed(own, CLASSES, Output.LOG_PROBABILITIES).teacher())
            .toList();
    Totals totals =
        compute(
            builder().tail(tail).teacherWeights(1, 3).labelSmoothing(0.1f),
            student,
            listed,
            sparse);
    assertThat(totals.total()).isCloseTo(expected.total(), within(1e-5));
    assertThat(totals.soft()).isCloseTo(expected.soft(), within(1e-5));
    assertThat(totals.countedRows()).isEqualTo(ROWS);
    for (int i = 0; i < dense.length; i++) {
      assertThat(sparse[i]).isCloseTo(dense[i], within(1e-6f));
    }
  }

  /** The formulas of the tail bin, in double precision. */
  @Test
  void theTailIsOneCategory() {
    float[] student = logits();
    Listed listed = new Listed(logits(), 5, Output.PROBABILITIES);
    float[] gradient = new float[student.length];
    Totals totals =
        compute(
            builder().alpha(1).reduction(Reduction.SUM).teacherForm(TeacherForm.PROBABILITIES),
            student,
            List.of(listed.teacher()),
            gradient);
    double sum = 0;
    for (int i = 0; i < ROWS; i++) {
      double[] q = new double[CLASSES];
      double normalizer = 0;
      for (int j = 0; j < CLASSES; j++) {
        q[j] = Math.exp(student[i * CLASSES + j] / TEMPERATURE);
        normalizer += q[j];
      }
      double[] p = new double[CLASSES];
      double teacherTail = 1;
      double studentTail = 1;
      for (int n = 0; n < 5; n++) {
        int j = listed.indices[i * 5 + n];
        p[j] = listed.values[i * 5 + n];
        teacherTail -= p[j];
        studentTail -= q[j] / normalizer;
        sum += p[j] * Math.log(p[j] / (q[j] / normalizer));
      }
      sum += teacherTail * Math.log(teacherTail / studentTail);
      for (int j = 0; j < CLASSES; j++) {
        double own = q[j] / normalizer;
        double slope = p[j] > 0 ? own - p[j] : own * (1 - teacherTail / studentTail);
        assertThat((double) gradient[i * CLASSES + j]).isCloseTo(TEMPERATURE * slope, within(1e-5));
      }
    }
    assertThat(totals.soft()).isCloseTo(TEMPERATURE * TEMPERATURE * sum, within(1e-4));
  }

  @Test
  void arraysBuffersAndPointersGiveTheSameBits() {
    float[] student = logits();
    Listed listed = new Listed(logits(), 3, Output.LOG_PROBABILITIES);
    float[] gradient = new float[student.length];
    Totals expected = compute(builder(), student, List.of(listed.teacher()), gradient);
    ByteBuffer indices = direct(listed.indices.length);
    ByteBuffer values = direct(listed.values.length);
    indices.asIntBuffer().put(listed.indices);
    values.asFloatBuffer().put(listed.values);
    float[] again = new float[student.length];
    assertThat(
            compute(
                builder(),
                student,
                List.of(
                    new SparseTeacher(
                        Indices.of(indices.asIntBuffer(), ROWS, 3),
                        Matrix.of(values.asFloatBuffer(), ROWS, 3))),
                again))
        .isEqualTo(expected);
    assertThat(again).isEqualTo(gradient);
    try (IntPointer indexPointer = new IntPointer(listed.indices);
        FloatPointer valuePointer = new FloatPointer(listed.values)) {
      SparseTeacher teacher =
          new SparseTeacher(Indices.of(indexPointer, ROWS, 3), Matrix.of(valuePointer, ROWS, 3));
      assertThat(compute(builder(), student, List.of(teacher), again)).isEqualTo(expected);
      assertThat(again).isEqualTo(gradient);
    }
  }

  private static ByteBuffer direct(int elements) {
    return ByteBuffer.allocateDirect(4 * elements).order(ByteOrder.nativeOrder());
  }

  @Test
  void theGradientMayReplaceTheStudentsLogits() {
    float[] student = logits();
    List<SparseTeacher> teachers =
        List.of(new Listed(logits(), 3, Output.LOG_PROBABILITIES).teacher());
    float[] apart = new float[student.length];
    Totals expected = compute(builder(), student, teachers, apart);
    assertThat(compute(builder(), student, teachers, student)).isEqualTo(expected);
    assertThat(student).isEqualTo(apart);
  }

  @Test
  void withoutASoftPartNoTeacherIsNeeded() {
    Totals totals = compute(builder().alpha(0), logits(), null, new float[ROWS * CLASSES]);
    assertThat(totals.total()).isEqualTo(totals.hard()).isPositive();
  }

  private void assertRefused(
      String message, SparseDistillationLoss.Builder builder, List<SparseTeacher> teachers) {
    float[] gradient = new float[ROWS * CLASSES];
    assertThatThrownBy(() -> compute(builder, logits(), teachers, gradient))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
    assertThat(gradient).containsOnly(0);
  }

  @Test
  void badOptionsAreNamed() {
    List<SparseTeacher> one = List.of(new Listed(logits(), 3, Output.LOG_PROBABILITIES).teacher());
    assertRefused("temperature", builder().temperature(Float.NaN), one);
    assertRefused("alpha", builder().alpha(2), one);
    assertRefused("RETORT_MEAN_OF_KL", builder().softValue(SoftValue.MEAN_OF_KL), one);
    assertRefused("RETORT_TAIL_RENORMALIZED", builder().teacherForm(TeacherForm.LOGITS), one);
    assertRefused("teacherTemperatures", builder().teacherTemperatures(1), one);
    assertRefused("one a weight, got 1", builder().teacherWeights(1, 2), one);
    assertThatThrownBy(() -> builder().tail(null)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void badTeachersAreNamed() {
    Listed three = new Listed(logits(), 3, Output.LOG_PROBABILITIES);
    SparseTeacher two = new Listed(logits(), 2, Output.LOG_PROBABILITIES).teacher();
    assertRefused("teacher", builder(), null);
    assertRefused("teacher", builder(), List.of());
    assertRefused("teacher 1 must not be null", builder(), Arrays.asList(two, null));
    assertRefused("teacher 1 must be 4 x 2, got 4 x 3", builder(), List.of(two, three.teacher()));
    assertRefused(
        "teacher 0 must be 4 x 1, got 1 x 1",
        builder(),
        List.of(new SparseTeacher(Indices.of(new int[1], 1, 1), Matrix.of(new float[1], 1, 1))));
    three.indices[7] = three.indices[6];
    assertRefused(
        "teacherIndices[1] row 2 position 1 repeats class " + three.indices[6],
        builder(),
        List.of(new Listed(logits(), 3, Output.LOG_PROBABILITIES).teacher(), three.teacher()));
    three.indices[7] = CLASSES;
    assertRefused(
        "teacherIndices[0] row 2 position 1 must be -1 or in [0, 30), got 30",
        builder(),
        List.of(three.teacher()));
  }

  @Test
  void indicesAndValuesThatDoNotBelongTogetherAreRefused() {
    Indices indices = Indices.of(new int[12], ROWS, 3);
    assertThatThrownBy(() -> new SparseTeacher(indices, Matrix.of(new float[8], ROWS, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("values must be 4 x 3, got 4 x 2");
    assertThatThrownBy(() -> new SparseTeacher(indices, Matrix.of(new float[16], ROWS, 3, 4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("stride 3 of the indices, got 4");
    assertThatThrownBy(
            () -> new SparseTeacher(indices, Matrix.of(new short[12], DType.BF16, ROWS, 3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("F32");
    assertThatThrownBy(() -> new SparseTeacher(null, null))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void freedTeachersOverlappingOutputsAndClosedLossesAreRefused() {
    Listed listed = new Listed(logits(), 3, Output.LOG_PROBABILITIES);
    IntPointer pointer = new IntPointer(listed.indices);
    SparseTeacher teacher =
        new SparseTeacher(Indices.of(pointer, ROWS, 3), Matrix.of(listed.values, ROWS, 3));
    ByteBuffer shared = direct(ROWS * CLASSES);
    shared.asIntBuffer().put(listed.indices);
    SparseTeacher overlapping =
        new SparseTeacher(
            Indices.of(shared.asIntBuffer(), ROWS, 3), Matrix.of(listed.values, ROWS, 3));
    SparseDistillationLoss loss = builder().build();
    Matrix student = matrix(logits());
    assertThatThrownBy(
            () ->
                loss.compute(
                    student,
                    List.of(overlapping),
                    labels,
                    null,
                    Matrix.of(shared.asFloatBuffer(), ROWS, CLASSES),
                    null,
                    null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("gradient must not overlap teacherIndices");
    assertThatThrownBy(
            () ->
                loss.compute(
                    student,
                    List.of(overlapping),
                    labels,
                    null,
                    null,
                    Matrix.of(shared.asFloatBuffer(), ROWS, 1),
                    null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rowLoss must not overlap teacherIndices");
    pointer.deallocate();
    assertThatThrownBy(
            () -> loss.compute(student, List.of(teacher), labels, null, null, null, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("indices of teacher 0 must not be a null or freed pointer");
    loss.close();
    loss.close();
    assertThatThrownBy(() -> loss.compute(student, null, labels, null, null, null, null))
        .isInstanceOf(IllegalStateException.class);
  }
}
