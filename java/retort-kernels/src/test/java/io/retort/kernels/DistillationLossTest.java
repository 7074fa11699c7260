package io.retort.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Random;
import java.util.function.DoubleSupplier;
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
        DistillationLoss.builder()
            .mean(mean)
            .temperature(3)
            .alpha(0.7f)
            .reduction(Reduction.SUM)
            .build()) {
      totals =
          loss.compute(
              matrix(student),
              Members.of(matrix(teachers[0]), matrix(teachers[1]), matrix(teachers[2])),
              Labels.of(labels),
              null,
              matrix(gradient),
              Matrix.of(rowLoss, ROWS, 1),
              null);
    }
    double sum = 0;
    for (int i = 0; i < ROWS; i++) {
      double[][] rows = {row(teachers[0], i), row(teachers[1], i), row(teachers[2], i)};
      PlainDistillation expected =
          new PlainDistillation(row(student, i), rows, mean, 3, 0.7f, labels[i]);
      assertThat((double) rowLoss[i]).isCloseTo(expected.loss, within(1e-4));
      for (int j = 0; j < CLASSES; j++) {
        assertThat((double) gradient[i * CLASSES + j])
            .isCloseTo(expected.gradient[j], within(1e-5));
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
              matrix(student),
              Members.of(matrix(teacher)),
              Labels.of(labels),
              null,
              matrix(fromArrays),
              null,
              null);

      FloatBuffer gradientBuffer = direct(new float[student.length]);
      Totals buffers =
          loss.compute(
              Matrix.of(direct(student), ROWS, CLASSES),
              Members.of(Matrix.of(direct(teacher), ROWS, CLASSES)),
              Labels.of(wide),
              null,
              Matrix.of(gradientBuffer, ROWS, CLASSES),
              null,
              null);
      Totals pointers =
          loss.compute(
              Matrix.of(studentPointer, ROWS, CLASSES),
              Members.of(Matrix.of(teacherPointer, ROWS, CLASSES)),
              Labels.of(labelPointer),
              null,
              Matrix.of(gradientPointer, ROWS, CLASSES),
              null,
              null);
      Totals widePointers =
          loss.compute(
              Matrix.of(studentPointer, ROWS, CLASSES),
              Members.of(Matrix.of(teacherPointer, ROWS, CLASSES)),
              Labels.of(wideLabelPointer),
              null,
              null,
              null,
              null);

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
              Matrix.of(student, rows, 10),
              teachers,
              Labels.of(labels),
              null,
              Matrix.of(expected, rows, 10),
              null,
              null);
      for (int threads : new int[] {1, 2, 7}) {
        float[] gradient = new float[student.length];
        try (ThreadPool pool = new ThreadPool(threads)) {
          Totals totals =
              loss.compute(
                  Matrix.of(student, rows, 10),
                  teachers,
                  Labels.of(labels),
                  null,
                  Matrix.of(gradient, rows, 10),
                  null,
                  pool);
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
              () ->
                  loss.compute(
                      student,
                      Members.of(matrix(logits())),
                      Labels.of(new int[ROWS]),
                      null,
                      null,
                      null,
                      null))
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

  private static DistillationLoss.Builder everyOption(Divergence divergence) {
    return DistillationLoss.builder()
        .divergence(divergence)
        .temperature(2)
        .alpha(0.8f)
        .beta(0.3f)
        .targetWeight(1.5f)
        .nonTargetWeight(2)
        .standardizeLogits(divergence == Divergence.REVERSE_KL)
        .standardizeEpsilon(1e-3f)
        .teacherWeights(1, 3)
        .teacherTemperatures(1, 3)
        .mean(Mean.PROBABILITIES)
        .reduction(Reduction.SUM);
  }

  /** Central differences of a float loss: its rounding over the step, and the step's square. */
  private static final double SLOPE_ERROR = 5e-3;

  @ParameterizedTest
  // The total variation has corners, over which a step would go.
  @EnumSource(value = Divergence.class, mode = EnumSource.Mode.EXCLUDE, names = "TOTAL_VARIATION")
  void everyDivergencesGradientIsTheSlopeOfItsLoss(Divergence divergence) {
    float[] student = logits();
    Members teachers = Members.of(matrix(logits()), matrix(logits()));
    Labels labels = Labels.of(new int[] {1, 2, 3, 4, 36});
    float[] gradient = new float[student.length];
    try (DistillationLoss loss = everyOption(divergence).build()) {
      loss.compute(matrix(student), teachers, labels, null, matrix(gradient), null, null);
      for (int i = 0; i < student.length; i += 7) {
        double slope =
            slope(
                student,
                i,
                () ->
                    loss.compute(matrix(student), teachers, labels, null, null, null, null)
                        .total());
        assertThat((double) gradient[i]).isCloseTo(slope, within(SLOPE_ERROR));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = Divergence.class, mode = EnumSource.Mode.EXCLUDE, names = "TOTAL_VARIATION")
  void theTangentIsHowTheStudentsGradientMovesWithTheTeachers(Divergence divergence) {
    Matrix student = matrix(logits());
    float[][] values = {logits(), logits()};
    Members teachers = Members.of(matrix(values[0]), matrix(values[1]));
    Labels labels = Labels.of(new int[] {1, 2, 3, 4, 36});
    float[] tangent = logits();
    float[][] gradients = {new float[tangent.length], new float[tangent.length]};
    try (DistillationLoss loss = everyOption(divergence).build()) {
      loss.tangent(
          student,
          teachers,
          labels,
          null,
          matrix(tangent),
          Members.of(matrix(gradients[0]), matrix(gradients[1])),
          null);
      for (int k = 0; k < 2; k++) {
        for (int i = 0; i < tangent.length; i += 11) {
          double slope =
              slope(
                  values[k],
                  i,
                  () -> {
                    float[] gradient = new float[tangent.length];
                    loss.compute(student, teachers, labels, null, matrix(gradient), null, null);
                    double inner = 0;
                    for (int j = 0; j < gradient.length; j++) {
                      inner += (double) gradient[j] * tangent[j];
                    }
                    return inner;
                  });
          assertThat((double) gradients[k][i]).isCloseTo(slope, within(SLOPE_ERROR));
        }
      }
      assertThat(gradients[1]).isNotEqualTo(new float[tangent.length]);
    }
  }

  private static double slope(float[] values, int i, DoubleSupplier function) {
    float kept = values[i];
    values[i] = kept + 0.015625f;
    double above = function.getAsDouble();
    values[i] = kept - 0.015625f;
    double below = function.getAsDouble();
    values[i] = kept;
    return (above - below) / 0.03125;
  }

  @Test
  void theEndsOfJensenShannonAreTheTwoKls() {
    float[] student = logits();
    Members teachers = Members.of(matrix(logits()));
    for (float beta : new float[] {0, 1}) {
      try (DistillationLoss end =
              DistillationLoss.builder()
                  .divergence(Divergence.JENSEN_SHANNON)
                  .beta(beta)
                  .alpha(1)
                  .build();
          DistillationLoss kl =
              DistillationLoss.builder()
                  .divergence(beta == 0 ? Divergence.FORWARD_KL : Divergence.REVERSE_KL)
                  .alpha(1)
                  .build()) {
        assertThat(end.compute(matrix(student), teachers, null, null, null, null, null))
            .isEqualTo(kl.compute(matrix(student), teachers, null, null, null, null, null));
      }
    }
  }

  @Test
  void storedProbabilitiesAreTheTeacherThatTheyCameFrom() {
    Matrix student = matrix(logits());
    Matrix teacher = matrix(logits());
    float[] p = new float[ROWS * CLASSES];
    float[] logP = new float[ROWS * CLASSES];
    Softmax.forward(teacher, 4, matrix(p), null);
    Softmax.logForward(teacher, 4, matrix(logP), null);
    DistillationLoss.Builder builder = DistillationLoss.builder().temperature(4).alpha(1);
    double expected = total(builder, student, teacher);
    builder.teacherTemperatures(1);
    assertThat(total(builder.teacherForm(TeacherForm.PROBABILITIES), student, matrix(p)))
        .isCloseTo(expected, within(1e-4));
    assertThat(total(builder.teacherForm(TeacherForm.LOG_PROBABILITIES), student, matrix(logP)))
        .isCloseTo(expected, within(1e-4));
  }

  private static double total(DistillationLoss.Builder builder, Matrix student, Matrix teacher) {
    try (DistillationLoss loss = builder.build()) {
      return loss.compute(student, Members.of(teacher), null, null, null, null, null).total();
    }
  }

  @Test
  void theMeanOfTheTeachersKlIsWhatEachOfThemCosts() {
    Matrix student = matrix(logits());
    Matrix first = matrix(logits());
    Matrix second = matrix(logits());
    DistillationLoss.Builder builder = DistillationLoss.builder().alpha(1).temperature(2);
    double apart = (total(builder, student, first) + total(builder, student, second)) / 2;
    builder.mean(Mean.PROBABILITIES).softValue(SoftValue.MEAN_OF_KL);
    try (DistillationLoss loss = builder.build()) {
      assertThat(
              loss.compute(student, Members.of(first, second), null, null, null, null, null)
                  .total())
          .isCloseTo(apart, within(1e-4));
    }
  }

  @Test
  void withoutAReductionTheRowsStayApart() {
    Matrix student = matrix(logits());
    Members teachers = Members.of(matrix(logits()));
    Labels labels = Labels.of(new int[ROWS]);
    float[] rowLoss = new float[ROWS];
    try (DistillationLoss loss = DistillationLoss.builder().reduction(Reduction.NONE).build()) {
      Totals totals =
          loss.compute(student, teachers, labels, null, null, Matrix.of(rowLoss, ROWS, 1), null);
      double sum = 0;
      for (float row : rowLoss) {
        sum += row;
      }
      assertThat(totals.total()).isCloseTo(sum, within(1e-4));
      assertThatThrownBy(() -> loss.compute(student, teachers, labels, null, null, null, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("rowLoss");
    }
  }

  @Test
  void whatDoesNotFitTheTeachersIsRefusedByName() {
    Matrix student = matrix(logits());
    Members teachers = Members.of(matrix(logits()), matrix(logits()));
    Labels labels = Labels.of(new int[ROWS]);
    try (DistillationLoss loss = DistillationLoss.builder().teacherTemperatures(1, 2, 3).build()) {
      assertThatThrownBy(() -> loss.compute(student, teachers, labels, null, null, null, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("teachers must number 3, one a temperature, got 2");
    }
    try (DistillationLoss loss = DistillationLoss.builder().build()) {
      Members one = Members.of(matrix(new float[ROWS * CLASSES]));
      assertThatThrownBy(() -> loss.tangent(student, teachers, labels, null, student, one, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("teacherGradients must number 2, one a teacher, got 1");
      assertThatThrownBy(() -> loss.tangent(student, teachers, labels, null, null, teachers, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("tangent");
    }
  }

  @Test
  void anOutputOverTheLabelsIsRefused() {
    ByteBuffer memory =
        ByteBuffer.allocateDirect(ROWS * CLASSES * Float.BYTES).order(ByteOrder.nativeOrder());
    Labels labels = Labels.of(memory.asIntBuffer());
    Matrix gradient = Matrix.of(memory.asFloatBuffer(), ROWS, CLASSES);
    Matrix rowLoss = Matrix.of(memory.asFloatBuffer(), ROWS, 1);
    Matrix student = matrix(logits());
    Members teachers = Members.of(matrix(logits()));
    try (DistillationLoss loss = DistillationLoss.builder().build()) {
      assertThatThrownBy(() -> loss.compute(student, teachers, labels, null, gradient, null, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("gradient must not overlap labels");
      assertThatThrownBy(() -> loss.compute(student, teachers, labels, null, null, rowLoss, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("rowLoss must not overlap labels");
      assertThatThrownBy(
              () ->
                  loss.tangent(
                      student, teachers, labels, null, student, Members.of(gradient), null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageEndingWith("must not overlap labels");
    }
  }
}
