package io.retort.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory that is freed, pools and losses that are closed: before a call, and during one. */
class LifetimeTest {
  private static final float[] OUTPUT = new float[2];
  private static final Matrix OUT = Matrix.of(OUTPUT, 1, 2);

  private static void assertFreed(String argument, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(argument + " must not be a null or freed pointer");
  }

  @Test
  void aMatrixOverAFreedPointerIsRefused() {
    FloatPointer closed = new FloatPointer(1, 2);
    FloatPointer deallocated = new FloatPointer(1, 2);
    FloatPointer owner = new FloatPointer(1, 2);
    Matrix overClosed = Matrix.of(closed, 1, 2);
    Matrix overDeallocated = Matrix.of(deallocated, 1, 2);
    Matrix overView = Matrix.of(owner.getPointer(0), 1, 2);
    closed.close();
    deallocated.deallocate();
    owner.close();

    assertFreed("logits", () -> Softmax.forward(overClosed, 1, OUT, null));
    assertFreed("logits", () -> Softmax.forward(overDeallocated, 1, OUT, null));
    assertFreed("logits", () -> Softmax.forward(overView, 1, OUT, null));
    assertFreed("output", () -> Softmax.forward(OUT, 1, overClosed, null));
  }

  @Test
  void membersAndLabelsOverFreedPointersAreRefused() {
    FloatPointer memory = new FloatPointer(1, 2);
    FloatPointer kept = new FloatPointer(1, 2);
    IntPointer indices = new IntPointer(new int[] {1});
    Members members = Members.of(Matrix.of(kept, 1, 2), Matrix.of(memory, 1, 2));
    Labels labels = Labels.of(indices);
    Matrix freed = Matrix.of(memory, 1, 2);
    memory.close();
    indices.close();

    EnsembleMean mean = EnsembleMean.builder().build();
    assertFreed("members 1", () -> mean.compute(members, OUT, null));
    assertFreed("member 0", () -> Members.of(freed));
    try (DistillationLoss loss = DistillationLoss.builder().alpha(0).build()) {
      assertFreed("labels", () -> loss.compute(OUT, null, labels, null, null, null, null));
    }
    assertThat(kept.referenceCount()).as("the loan of member 0 has ended").isEqualTo(1);
    kept.close();
    assertThat(kept.isNull()).isTrue();
  }

  @Test
  void aPointerClosedDuringACallIsFreedAtTheEndOfIt() {
    FloatPointer pointer = new FloatPointer(1, 2);
    Matrix matrix = Matrix.of(pointer, 1, 2);

    Loan call = Matrix.read("logits", matrix);
    pointer.close();

    assertThat(pointer.isNull()).isFalse();
    assertThat(pointer.get(1)).isEqualTo(2);
    call.close();
    assertThat(pointer.isNull()).isTrue();
    assertFreed("logits", () -> Matrix.read("logits", matrix));
  }

  @Test
  void aPointerThatNoCallUsesIsFreedWhenItIsClosed() {
    FloatPointer pointer = new FloatPointer(1, 2);
    FloatPointer scoped;
    for (int matrices = 0; matrices < 3; matrices++) {
      Softmax.forward(Matrix.of(pointer, 1, 2), 1, Matrix.of(pointer, 1, 2), null);
    }
    try (PointerScope scope = new PointerScope()) {
      scoped = new FloatPointer(1, 2);
      Softmax.forward(Matrix.of(scoped, 1, 2), 1, OUT, null);
      assertThat(scoped.isNull()).as("still in %s", scope).isFalse();
    }
    pointer.close();

    assertThat(pointer.isNull()).isTrue();
    assertThat(scoped.isNull()).isTrue();
  }

  @Test
  void aMatrixStaysWhereThePointerWas() {
    try (FloatPointer pointer = new FloatPointer(0, 0, 50, 0)) {
      Matrix matrix = Matrix.of(pointer, 1, 2);
      pointer.position(2);
      Softmax.forward(matrix, 1, OUT, null);
      pointer.position(0);
      assertThat(OUTPUT).containsExactly(0.5f, 0.5f);
    }
  }

  @Test
  @Timeout(60)
  void pointersClosedByAnotherThreadEndInARefusal() throws InterruptedException {
    int rows = 2000;
    for (int round = 0; round < 100; round++) {
      FloatPointer logits = new FloatPointer(2L * rows);
      FloatPointer probabilities = new FloatPointer(2L * rows);
      Matrix in = Matrix.of(logits, rows, 2);
      Matrix out = Matrix.of(probabilities, rows, 2);
      CountDownLatch started = new CountDownLatch(1);
      Thread closer =
          new Thread(
              () -> {
                await(started);
                logits.close();
                probabilities.close();
              });
      closer.start();
      assertThatThrownBy(
              () -> {
                while (true) {
                  Softmax.forward(in, 1, out, null);
                  started.countDown();
                }
              })
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("freed");
      closer.join();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  @Test
  @Timeout(60)
  void aLossAndAPoolClosedByAnotherThreadEndInARefusal() throws InterruptedException {
    for (int round = 0; round < 100; round++) {
      ThreadPool pool = new ThreadPool(2);
      DistillationLoss loss = DistillationLoss.builder().alpha(0).build();
      AutoCloseable closed = round % 2 == 0 ? pool : loss;
      Matrix student = Matrix.of(new float[600], 300, 2);
      Labels labels = Labels.of(new int[300]);
      CountDownLatch started = new CountDownLatch(1);
      Thread closer =
          new Thread(
              () -> {
                await(started);
                assertThat(closed).satisfies(AutoCloseable::close);
              });
      closer.start();
      assertThatThrownBy(
              () -> {
                while (true) {
                  loss.compute(student, null, labels, null, student, null, pool);
                  started.countDown();
                }
              })
          .isInstanceOf(IllegalStateException.class)
          .hasMessageEndingWith("is closed");
      closer.join();
      pool.close();
      loss.close();
    }
  }

  @Test
  void aCallCannotCloseThePoolItRunsOn() {
    try (ThreadPool pool = new ThreadPool(1)) {
      Runnable closer = pool::close;
      assertThatThrownBy(
              () ->
                  pool.run(
                      executor -> {
                        closer.run();
                        return 0;
                      }))
          .isInstanceOf(IllegalStateException.class);
      Softmax.forward(OUT, 1, OUT, pool);
    }
  }
}
