package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.kernels.Mean;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Test;

class DistillationProblemTest {
  @Test
  void theRowsMoveAboutTheModelBytes() {
    for (int classes : new int[] {10, 1000, 128_256}) {
      long bytes =
          DistillationProblem.rows(classes, 4, 256L << 20)
              * DistillationProblem.bytesOfRow(classes, 4);

      assertThat(bytes).isBetween(255_000_000L, 256L << 20);
    }
  }

  @Test
  void aRowLargerThanTheBytesIsOneRow() {
    assertThat(DistillationProblem.rows(1000, 4, 1)).isEqualTo(1);
  }

  @Test
  void matricesLieSideBySideAndDiffer() {
    try (DistillationProblem problem =
        new DistillationProblem(7, 2, Mean.LOGITS, 1, 3 * 4 * 7 * 4)) {
      FloatPointer first = problem.teacher(0);
      assertThat(problem.rows()).isEqualTo(3);
      assertThat(first.address()).isEqualTo(problem.student().address() + 3 * 7 * 4);
      assertThat(problem.gradient().address()).isEqualTo(first.address() + 2 * 3 * 7 * 4);
      assertThat(first.get(0)).isNotEqualTo(problem.student().get(0));
    }
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
