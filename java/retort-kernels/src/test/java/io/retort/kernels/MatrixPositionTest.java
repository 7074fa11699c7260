package io.retort.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
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
}
