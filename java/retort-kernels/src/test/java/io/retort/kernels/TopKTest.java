package io.retort.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TopKTest {
  private static final int ROWS = 3;
  private static final int CLASSES = 50;
  private static final int K = 4;

  private final float[] logits = new float[ROWS * CLASSES];

  TopKTest() {
    Random random = new Random(1);
    for (int i = 0; i < logits.length; i++) {
      // Coarse, for ties.
      logits[i] = Math.round(4 * random.nextGaussian()) / 2f;
    }
  }

  /** The classes of a row by falling logit; of equal ones the lower comes first. */
  private int[] sorted(int row) {
    return IntStream.range(0, CLASSES)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer j) -> -logits[row * CLASSES + j]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private double probability(int row, int index, double temperature) {
    double sum = 0;
    for (int j = 0; j < CLASSES; j++) {
      sum += Math.exp(logits[row * CLASSES + j] / temperature);
    }
    return Math.exp(logits[row * CLASSES + index] / temperature) / sum;
  }

  @ParameterizedTest
  @EnumSource(Output.class)
  void listsTheLargestWithTheLowerOfEqualClassesFirst(Output form) {
    int[] indices = new int[ROWS * K];
    float[] values = new float[ROWS * K];
    TopK.compute(
        Matrix.of(logits, ROWS, CLASSES),
        form,
        2,
        Indices.of(indices, ROWS, K),
        Matrix.of(values, ROWS, K),
        null);
    for (int i = 0; i < ROWS; i++) {
      int[] expected = sorted(i);
      for (int n = 0; n < K; n++) {
        assertThat(indices[i * K + n]).isEqualTo(expected[n]);
        double p = probability(i, expected[n], 2);
        double value =
            switch (form) {
              case LOGITS -> logits[i * CLASSES + expected[n]];
              case PROBABILITIES -> p;
              case LOG_PROBABILITIES -> Math.log(p);
            };
        assertThat((double) values[i * K + n]).isCloseTo(value, within(1e-5));
      }
    }
  }

  @Test
  void arraysBuffersAndPointersGiveTheSame() {
    int[] indices = new int[ROWS * K];
    float[] values = new float[ROWS * K];
    Matrix in = Matrix.of(logits, ROWS, CLASSES);
    Indices array = Indices.of(indices, ROWS, K);
    TopK.compute(in, Output.LOGITS, 1, array, Matrix.of(values, ROWS, K), null);
    IntBuffer indexBuffer = direct(5 + ROWS * K).asIntBuffer().position(5);
    FloatBuffer valueBuffer = direct(ROWS * K).asFloatBuffer();
    try (IntPointer indexPointer = new IntPointer(ROWS * (K + 1));
        FloatPointer valuePointer = new FloatPointer(ROWS * K);
        ThreadPool pool = new ThreadPool(2)) {
      TopK.compute(
          in,
          Output.LOGITS,
          1,
          Indices.of(indexBuffer, ROWS, K),
          Matrix.of(valueBuffer, ROWS, K),
          pool);
      TopK.compute(
          in,
          Output.LOGITS,
          1,
          Indices.of(indexPointer, ROWS, K, K + 1),
          Matrix.of(valuePointer, ROWS, K),
          pool);
      for (int n = 0; n < ROWS * K; n++) {
        assertThat(indexBuffer.get(5 + n)).isEqualTo(indices[n]);
        assertThat(indexPointer.get((long) n / K * (K + 1) + n % K)).isEqualTo(indices[n]);
        assertThat(valueBuffer.get(n)).isEqualTo(values[n]);
        assertThat(valuePointer.get(n)).isEqualTo(values[n]);
      }
    }
  }

  private static ByteBuffer direct(int elements) {
    return ByteBuffer.allocateDirect(4 * elements).order(ByteOrder.nativeOrder());
  }

  @Test
  void badArgumentsAreNamed() {
    Matrix in = Matrix.of(logits, ROWS, CLASSES);
    Indices indices = Indices.of(new int[ROWS * K], ROWS, K);
    Matrix values = Matrix.of(new float[ROWS * K], ROWS, K);
    assertRefused("logits must not be null", null, Output.LOGITS, 1, indices, values);
    assertRefused("form must not be null", in, null, 1, indices, values);
    assertRefused("indices must not be null", in, Output.LOGITS, 1, null, values);
    assertRefused("values must not be null", in, Output.LOGITS, 1, indices, null);
    assertRefused("temperature", in, Output.LOGITS, 0, indices, values);
    assertRefused(
        "values must be 3 x 4, got 4 x 3",
        in,
        Output.LOGITS,
        1,
        indices,
        Matrix.of(new float[12], 4, 3));
    assertRefused(
        "indices must be 3 x 4, got 2 x 4",
        in,
        Output.LOGITS,
        1,
        Indices.of(new int[8], 2, 4),
        values);
    assertRefused(
        "values must be F32",
        in,
        Output.LOGITS,
        1,
        indices,
        Matrix.of(new short[12], DType.F16, 3, 4));
    assertRefused(
        "indices must have 1 to 50 columns for 50 classes, got 51",
        in,
        Output.LOGITS,
        1,
        Indices.of(new int[ROWS * 51], ROWS, 51),
        Matrix.of(new float[ROWS * 51], ROWS, 51));
    assertRefused(
        "indices must not be a read-only buffer",
        in,
        Output.LOGITS,
        1,
        Indices.of(direct(12).asIntBuffer().asReadOnlyBuffer(), ROWS, K),
        values);
    IntPointer freed = new IntPointer(12);
    Indices dangling = Indices.of(freed, ROWS, K);
    freed.deallocate();
    assertRefused("freed", in, Output.LOGITS, 1, dangling, values);
    ByteBuffer shared = direct(12);
    assertRefused(
        "must not overlap",
        in,
        Output.LOGITS,
        1,
        Indices.of(shared.asIntBuffer(), ROWS, K),
        Matrix.of(shared.asFloatBuffer(), ROWS, K));
  }

  private static void assertRefused(
      String message,
      Matrix logits,
      Output form,
      float temperature,
      Indices indices,
      Matrix values) {
    assertThatThrownBy(() -> TopK.compute(logits, form, temperature, indices, values, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void indicesThatTheirMemoryCannotHoldAreRefused() {
    assertThatThrownBy(() -> Indices.of(new int[7], 2, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 8 elements")
        .hasMessageContaining("got 7");
    assertThatThrownBy(() -> Indices.of(new int[7], Long.MAX_VALUE, 4))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Indices.of(IntBuffer.allocate(8), 2, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("direct");
    assertThatThrownBy(() -> Indices.of((IntPointer) null, 2, 4))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
