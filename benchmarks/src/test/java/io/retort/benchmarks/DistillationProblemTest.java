package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.retort.kernels.DType;
import io.retort.kernels.Mean;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DistillationProblemTest {
  @ParameterizedTest
  @EnumSource(DType.class)
  void theRowsMoveAboutTheModelBytes(DType dtype) {
    for (int classes : new int[] {10, 1000, 128_256}) {
      long bytes =
          DistillationProblem.rows(classes, 4, dtype, 256L << 20)
              * DistillationProblem.bytesOfRow(classes, 4, dtype);

      assertThat(bytes).isBetween(255_000_000L, 256L << 20);
    }
  }

  @Test
  void aRowIsReadOnceForTheStudentAndEachTeacherAndWrittenOnceInItsType() {
    assertThat(DistillationProblem.bytesOfRow(1000, 4, DType.F32)).isEqualTo(6 * 1000 * 4);
    assertThat(DistillationProblem.bytesOfRow(1000, 4, DType.BF16)).isEqualTo(6 * 1000 * 2);
  }

  @Test
  void aRowLargerThanTheBytesIsOneRow() {
    assertThat(DistillationProblem.rows(1000, 4, DType.F32, 1)).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void matricesLieSideBySideAndDiffer(DType dtype) {
    long bytes = 3L * 7 * dtype.bytes();
    try (DistillationProblem problem =
        new DistillationProblem(7, 2, dtype, Mean.LOGITS, 1, 4 * bytes)) {
      Pointer first = problem.teacher(0).pointer();
      assertThat(problem.rows()).isEqualTo(3);
      assertThat(first.address()).isEqualTo(problem.student().pointer().address() + bytes);
      assertThat(problem.gradient().pointer().address()).isEqualTo(first.address() + 2 * bytes);
      assertThat(values(problem.teacher(0))).doesNotContain(values(problem.student()));
    }
  }

  @Test
  void theTypesDifferInRoundingAlone() {
    float[] exact = studentOf(DType.F32);
    for (DType dtype : List.of(DType.F16, DType.BF16)) {
      double step = dtype == DType.F16 ? 0x1p-10 : 0x1p-7;
      float[] rounded = studentOf(dtype);

      for (int i = 0; i < exact.length; i++) {
        assertThat(rounded[i]).isCloseTo(exact[i], within((float) (step * Math.abs(exact[i]))));
      }
    }
  }

  private static float[] studentOf(DType dtype) {
    try (DistillationProblem problem =
        new DistillationProblem(100, 1, dtype, Mean.LOGITS, 1, 3L * 100 * dtype.bytes())) {
      return values(problem.student());
    }
  }

  private static float[] values(TypedMemory memory) {
    float[] values = new float[(int) memory.size()];
    memory.get(0, values);
    return values;
  }

  @Test
  void noTwoLogitsAreFurtherApartThanTheSpread() {
    try (FloatPointer logits = new FloatPointer(1 << 20)) {
      NormalLogits.fill(logits, 42);
      float[] values = new float[1 << 20];
      logits.get(values);
      float smallest = Float.POSITIVE_INFINITY;
      float largest = Float.NEGATIVE_INFINITY;
      for (float value : values) {
        smallest = Math.min(smallest, value);
        largest = Math.max(largest, value);
      }

      assertThat((double) largest - smallest).isBetween(20.0, NormalLogits.SPREAD);
    }
  }
}
