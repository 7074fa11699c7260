package io.retort.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Calls over memory outside the Java heap allocate nothing, whatever the compiler makes of them.
 */
class AllocationTest {
  private static final int ROWS = 2;
  private static final int CLASSES = 3;
  private static final int CALLS = 2000;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final FloatPointer memory = new FloatPointer(new float[4 * ROWS * CLASSES]);
  private final IntPointer narrowLabels = new IntPointer(0, 2);
  private final LongPointer wideLabels = new LongPointer(1, 0);
  private final ThreadPool pool = new ThreadPool(2);

  @AfterEach
  void free() {
    memory.close();
    narrowLabels.close();
    wideLabels.close();
    pool.close();
  }

  private Matrix pointer(int index) {
    return Matrix.of(memory.getPointer((long) index * ROWS * CLASSES), ROWS, CLASSES);
  }

  private static Matrix buffer() {
    return Matrix.of(floats(ROWS * CLASSES), ROWS, CLASSES);
  }

  private static FloatBuffer floats(int size) {
    return ByteBuffer.allocateDirect(size * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /**
   * Less than a byte a call: what the virtual machine itself allocates meanwhile is not the call's.
   */
  private void assertAllocatesNothing(Runnable call) {
    for (int i = 0; i < CALLS; i++) {
      call.run();
    }
    long nativeBytes = Pointer.totalBytes();
    long nativePieces = Pointer.totalCount();
    long bytes = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < CALLS; i++) {
      call.run();
    }
    assertThat(threads.getCurrentThreadAllocatedBytes() - bytes).isLessThan(CALLS);
    assertThat(Pointer.totalBytes()).isEqualTo(nativeBytes);
    assertThat(Pointer.totalCount()).isEqualTo(nativePieces);
  }

  @Test
  void aDistillationLossOverPointersAllocatesNothing() {
    Members teachers = Members.of(pointer(1), pointer(2));
    Matrix student = pointer(0);
    Matrix gradient = pointer(3);
    TotalsBuffer totals = new TotalsBuffer();
    try (DistillationLoss loss = DistillationLoss.builder().teacherWeights(1, 2).build()) {
      for (Labels labels : new Labels[] {Labels.of(narrowLabels), Labels.of(wideLabels)}) {
        assertAllocatesNothing(
            () -> loss.compute(student, teachers, labels, null, gradient, null, pool, totals));
      }
    }
  }

  @Test
  void aDistillationLossOverBuffersAllocatesNothing() {
    Members teachers = Members.of(buffer());
    Labels labels = Labels.of(narrowLabels.asBuffer());
    Matrix student = buffer();
    Matrix gradient = buffer();
    Matrix weights = Matrix.of(floats(ROWS), ROWS, 1);
    Matrix losses = Matrix.of(floats(ROWS), ROWS, 1);
    TotalsBuffer totals = new TotalsBuffer();
    try (DistillationLoss loss = DistillationLoss.builder().build()) {
      assertAllocatesNothing(
          () -> loss.compute(student, teachers, labels, weights, gradient, losses, null, totals));
    }
  }

  @Test
  void itsTangentAllocatesNothing() {
    Members teachers = Members.of(buffer(), buffer());
    Members gradients = Members.of(buffer(), buffer());
    Labels labels = Labels.of(narrowLabels);
    Matrix student = buffer();
    Matrix tangent = buffer();
    try (DistillationLoss loss = DistillationLoss.builder().build()) {
      assertAllocatesNothing(
          () -> loss.tangent(student, teachers, labels, null, tangent, gradients, pool));
    }
  }

  @Test
  void anEnsembleMeanAllocatesNothing() {
    Members members = Members.of(pointer(0), pointer(1));
    Matrix output = buffer();
    EnsembleMean mean = EnsembleMean.builder().mean(Mean.PROBABILITIES).weights(1, 3).build();
    assertAllocatesNothing(() -> mean.compute(members, output, pool));
  }

  @Test
  void aSoftmaxAllocatesNothing() {
    Matrix logits = pointer(0);
    Matrix output = buffer();
    assertAllocatesNothing(() -> Softmax.forward(logits, 2, output, pool));
    assertAllocatesNothing(() -> Softmax.logBackward(output, logits, 2, logits, null));
  }
}
