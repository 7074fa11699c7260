package io.retort.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Test;

class MatrixPositionTest {
  @Test
  void aBufferIsReadAndWrittenFromItsPositionOn() {
    FloatBuffer buffer =
        ByteBuffer.allocateDirect(8 * Float.BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer();
    buffer.put(new float[] {100, 200, 300, 0, 0, 7, 8, 9});
    buffer.position(3);

    Softmax.forward(Matrix.of(buffer, 1, 2), 1, Matrix.of(buffer, 1, 2), null);

    float[] all = new float[8];
    buffer.position(0);
    buffer.get(all);
    assertThat(all).containsExactly(100, 200, 300, 0.5f, 0.5f, 7, 8, 9);
  }

  @Test
  void aMemberIsReadFromThePositionOfItsPointerOn() {
    try (FloatPointer memory = new FloatPointer(100, 200, 300, 400, 1, 2, 7, 8)) {
      memory.position(4);
      float[] mean = new float[2];

      EnsembleMean.compute(
          Members.of(Matrix.of(memory, 1, 2)),
          null,
          Mean.LOGITS,
          1,
          Output.LOGITS,
          Matrix.of(mean, 1, 2),
          null);

      assertThat(mean).containsExactly(1, 2);
      memory.position(0);
    }
  }

  @Test
  void whatLiesBeforeTheLimitButNotAfterThePositionIsTooLittle() {
    FloatBuffer buffer =
        ByteBuffer.allocateDirect(8 * Float.BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer();
    buffer.position(5).limit(6);

    assertThatThrownBy(() -> Matrix.of(buffer, 1, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 2 elements")
        .hasMessageContaining("got 1");
  }
}
