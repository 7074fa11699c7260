package io.retort.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;

/** Arbitrary arguments to every public method: an exception at worst, never the end of the JVM. */
class HostileArgumentsTest {
  @Provide
  Arbitrary<Long> sizes() {
    return Arbitraries.of(
        -1L, 0L, 1L, 2L, 3L, 10L, 64L, 1L << 31, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE);
  }

  @Provide
  Arbitrary<Integer> counts() {
    return Arbitraries.of(0, 1, 2, 3, 10, 64, 1000);
  }

  @Provide
  Arbitrary<Float> numbers() {
    return Arbitraries.of(
        0f,
        1f,
        2f,
        0.5f,
        -1f,
        Float.MIN_VALUE,
        1e-40f,
        1e30f,
        Float.MAX_VALUE,
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY);
  }

  @Provide
  Arbitrary<Mean> means() {
    return Arbitraries.of(Mean.values()).injectNull(0.1);
  }

  @Provide
  Arbitrary<Output> outputs() {
    return Arbitraries.of(Output.values()).injectNull(0.1);
  }

  /**
   * 0: null, 1: array, 2: direct buffer, 3: heap buffer, 4: pointer, 5: freed pointer, 6: wrong
   * byte order.
   */
  @Provide
  Arbitrary<Integer> kinds() {
    return Arbitraries.integers().between(0, 6);
  }

  private static Matrix matrix(
      int kind, int length, long rows, long columns, long stride, float value) {
    float[] values = new float[length];
    java.util.Arrays.fill(values, value);
    ByteBuffer bytes = ByteBuffer.allocateDirect(4 * length);
    FloatPointer pointer = new FloatPointer(Math.max(1, length));
    pointer.limit(length);
    switch (kind) {
      case 0:
        return Matrix.of((float[]) null, rows, columns, stride);
      case 1:
        return Matrix.of(values, rows, columns, stride);
      case 2:
        return Matrix.of(
            bytes.order(ByteOrder.nativeOrder()).asFloatBuffer(), rows, columns, stride);
      case 3:
        return Matrix.of(FloatBuffer.wrap(values), rows, columns, stride);
      case 4:
        return Matrix.of(pointer, rows, columns, stride);
      case 5:
        Matrix matrix = Matrix.of(pointer, rows, columns, stride);
        pointer.deallocate();
        return matrix;
      default:
        return Matrix.of(bytes.order(ByteOrder.BIG_ENDIAN).asFloatBuffer(), rows, columns, stride);
    }
  }

  private static void attempt(Runnable call) {
    try {
      call.run();
    } catch (IllegalArgumentException | RetortException refused) {
      assertThat(refused).hasMessageMatching("(?s).+");
    }
  }

  @Property(tries = 400)
  void softmaxSurvives(
      @ForAll("kinds") int kind,
      @ForAll("kinds") int outputKind,
      @ForAll("counts") int length,
      @ForAll("sizes") long rows,
      @ForAll("sizes") long columns,
      @ForAll("sizes") long stride,
      @ForAll("numbers") float value,
      @ForAll("numbers") float temperature) {
    attempt(
        () -> {
          Matrix logits = matrix(kind, length, rows, columns, stride, value);
          Matrix output = matrix(outputKind, length, rows, columns, columns, value);
          Softmax.forward(logits, temperature, output, null);
          Softmax.logForward(logits, temperature, output, null);
          Softmax.backward(logits, output, temperature, output, null);
          Softmax.logBackward(logits, output, temperature, output, null);
        });
    attempt(() -> Softmax.forward(null, temperature, null, null));
  }

  @Property(tries = 400)
  void ensembleMeanSurvives(
      @ForAll("kinds") int kind,
      @ForAll("counts") int members,
      @ForAll("numbers") float value,
      @ForAll("numbers") float weight,
      @ForAll("numbers") float temperature,
      @ForAll("means") Mean mean,
      @ForAll("outputs") Output output,
      @ForAll("sizes") long rows) {
    attempt(
        () -> {
          Matrix[] matrices = new Matrix[members];
          for (int k = 0; k < members; k++) {
            matrices[k] = matrix(k % 7 == 3 ? kind : 1, 30, rows, 3, 3, value);
          }
          EnsembleMean.compute(
              Members.of(matrices),
              new float[] {weight, 1},
              mean,
              temperature,
              output,
              matrices[0],
              null);
        });
    attempt(() -> Members.of((Matrix[]) null));
    attempt(() -> Members.of((Matrix) null));
    attempt(() -> EnsembleMean.compute(null, null, mean, temperature, output, null, null));
  }

  @Property(tries = 600)
  void distillationLossSurvives(
      @ForAll("kinds") int studentKind,
      @ForAll("kinds") int teacherKind,
      @ForAll("kinds") int gradientKind,
      @ForAll("sizes") long rows,
      @ForAll("numbers") float value,
      @ForAll("numbers") float temperature,
      @ForAll("numbers") float alpha,
      @ForAll("numbers") float smoothing,
      @ForAll("means") Mean mean,
      @ForAll int label,
      @ForAll("counts") int labels) {
    attempt(
        () -> {
          int[] values = new int[labels];
          java.util.Arrays.fill(values, label % 5);
          try (DistillationLoss loss =
              DistillationLoss.builder()
                  .mean(mean)
                  .temperature(temperature)
                  .alpha(alpha)
                  .labelSmoothing(smoothing)
                  .denominator(value)
                  .build()) {
            loss.compute(
                matrix(studentKind, 64, rows, 4, 5, value),
                Members.of(matrix(teacherKind, 64, rows, 4, 4, value)),
                Labels.of(values),
                null,
                matrix(gradientKind, 64, rows, 4, 4, 0),
                null,
                null);
          }
        });
  }

  @Property(tries = 400)
  void everyDivergenceAndItsTangentSurvive(
      @ForAll Divergence divergence,
      @ForAll SoftValue softValue,
      @ForAll TeacherForm form,
      @ForAll boolean standardize,
      @ForAll("numbers") float value,
      @ForAll("numbers") float option,
      @ForAll("kinds") int kind,
      @ForAll("sizes") long rows) {
    attempt(
        () -> {
          try (DistillationLoss loss =
              DistillationLoss.builder()
                  .divergence(divergence)
                  .softValue(softValue)
                  .teacherForm(form)
                  .standardizeLogits(standardize)
                  .standardizeEpsilon(option)
                  .beta(option)
                  .targetWeight(option)
                  .nonTargetWeight(value)
                  .teacherTemperatures(option)
                  .build()) {
            Matrix student = matrix(kind, 64, rows, 4, 5, value);
            Members teachers = Members.of(matrix(1, 64, rows, 4, 4, value));
            Labels labels = Labels.of(new int[16]);
            Members gradients = Members.of(matrix(kind, 64, rows, 4, 4, 0));
            loss.compute(student, teachers, labels, null, null, null, null);
            loss.tangent(student, teachers, labels, null, student, gradients, null);
          }
        });
  }

  @Property(tries = 50)
  void everythingNullSurvives(@ForAll("numbers") float alpha) {
    attempt(
        () -> {
          try (DistillationLoss loss = DistillationLoss.builder().alpha(alpha).build()) {
            loss.compute(null, null, null, null, null, null, null);
          }
        });
    attempt(() -> Labels.of((int[]) null));
    attempt(() -> Labels.of((long[]) null));
    attempt(() -> Labels.of((IntPointer) null));
    attempt(() -> DistillationLoss.builder().reduction(null));
    attempt(() -> DistillationLoss.builder().divergence(null));
    attempt(() -> DistillationLoss.builder().softValue(null));
    attempt(() -> DistillationLoss.builder().teacherForm(null));
    attempt(() -> DistillationLoss.builder().teacherTemperatures((float[]) null));
    attempt(
        () -> {
          try (DistillationLoss loss = DistillationLoss.builder().alpha(alpha).build()) {
            loss.tangent(null, null, null, null, null, null, null);
          }
        });
    attempt(() -> DistillationLoss.builder().teacherWeights((float[]) null));
  }

  @Property(tries = 20)
  void threadPoolsSurvive(@ForAll int threads) {
    attempt(() -> new ThreadPool(threads < 0 || threads > 1024 ? threads : threads % 8).close());
  }
}
