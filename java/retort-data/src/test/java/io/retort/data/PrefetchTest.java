package io.retort.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PrefetchTest {
  private final ImageDataset dataset = Examples.random(23, 6, 5, 3);
  private final Batches batches =
      Batches.of(
          dataset, Normalization.of(dataset), 5, new Augmentation(2, true), 7, LastBatch.KEEP);

  private static Batch smallBatch() {
    return new Batch(1, 1, 1, 1);
  }

  private static Thread.State state(String name) {
    return thread(name) == null ? Thread.State.TERMINATED : thread(name).getState();
  }

  private static Thread thread(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals(name))
        .findFirst()
        .orElse(null);
  }

  @Test
  void givesTheBatchesOfTheEpochsOneAfterTheOther() {
    List<Batch> expected = new ArrayList<>();
    expected.addAll(BatchesTest.copies(batches.epoch(3, 2)));
    expected.addAll(BatchesTest.copies(batches.epoch(4)));
    expected.addAll(BatchesTest.copies(batches.epoch(5)));

    try (Prefetch prefetch = batches.prefetch(3, 2, 6)) {
      for (Batch batch : expected) {
        assertThat(prefetch.hasNext()).isTrue();
        BatchesTest.assertSame(prefetch.next(), batch);
      }
      assertThat(prefetch.hasNext()).isFalse();
      assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(prefetch::next);
    }
  }

  @Test
  void startingAfterTheLastStepGoesOnWithTheNextEpoch() {
    try (Prefetch prefetch = batches.prefetch(0, batches.stepsPerEpoch(), 2)) {
      BatchesTest.assertSame(prefetch.next(), batches.epoch(1).iterator().next());
    }
    try (Prefetch prefetch = batches.prefetch(0, batches.stepsPerEpoch(), 1)) {
      assertThat(prefetch.hasNext()).isFalse();
    }
    try (Prefetch prefetch = batches.prefetch(2, 3, 2)) {
      assertThat(prefetch.hasNext()).isFalse();
    }
  }

  @Test
  void aBatchIsNotTouchedUntilTheNextIsAskedFor() throws InterruptedException {
    try (Prefetch prefetch = batches.prefetch(0, 0, 100)) {
      Batch batch = prefetch.next();
      Batch copy = batch.copy();
      while (state("retort-prefetch") != Thread.State.WAITING) {
        Thread.sleep(1);
      }

      BatchesTest.assertSame(batch, copy);
    }
  }

  @Test
  void preparesAheadButNotWithoutBound() throws InterruptedException {
    AtomicInteger filled = new AtomicInteger();
    try (Prefetch prefetch =
        new Prefetch(PrefetchTest::smallBatch, batch -> filled.incrementAndGet(), 1000)) {
      while (state("retort-prefetch") != Thread.State.WAITING) {
        Thread.sleep(1);
      }
      assertThat(filled).hasValue(4);

      prefetch.next();
      prefetch.next();
      while (filled.get() < 5 || state("retort-prefetch") != Thread.State.WAITING) {
        Thread.sleep(1);
      }
      assertThat(filled).hasValue(5);
    }
  }

  @Test
  void theMemoryOfAFewBatchesGoesRound() {
    IdentityHashMap<Batch, Boolean> seen = new IdentityHashMap<>();
    try (Prefetch prefetch = batches.prefetch(0, 0, 40)) {
      while (prefetch.hasNext()) {
        seen.put(prefetch.next(), true);
      }
    }
    assertThat(seen).hasSizeLessThanOrEqualTo(4);
  }

  @Test
  void fillingABatchAllocatesNothing() {
    Batches whole = Batches.of(dataset, Normalization.of(dataset), 4, new Augmentation(2, true), 7);
    BatchFiller filler = new BatchFiller(whole, 0, 0);
    Batch batch = whole.newBatch();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int i = 0; i < 500; i++) {
      filler.fill(batch);
    }
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 500; i++) {
      filler.fill(batch);
    }
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;

    // A shuffle makes its generator, 24 bytes, once in the 5 batches of an epoch; asking for the
    // count costs a little itself. One float array of an image would be 376 bytes a batch.
    assertThat(allocated).isLessThan(500 * 24);
  }

  @Test
  void anErrorOfTheThreadSurfacesInTheConsumerAfterTheBatchesBeforeIt() {
    RuntimeException error = new ArithmeticException("seven");
    AtomicInteger filled = new AtomicInteger();
    try (Prefetch prefetch =
        new Prefetch(
            PrefetchTest::smallBatch,
            batch -> {
              if (filled.incrementAndGet() == 3) {
                throw error;
              }
            },
            10)) {
      prefetch.next();
      prefetch.next();
      for (int i = 0; i < 3; i++) {
        assertThat(prefetch.hasNext()).isTrue();
        assertThatIllegalStateException()
            .isThrownBy(prefetch::next)
            .withMessageContaining("seven")
            .withCause(error);
      }
    }
  }

  @Test
  void runningOutOfMemorySurfacesToo() {
    OutOfMemoryError error = new OutOfMemoryError("not really");
    try (Prefetch prefetch =
        new Prefetch(
            PrefetchTest::smallBatch,
            batch -> {
              throw error;
            },
            10)) {
      assertThatIllegalStateException().isThrownBy(prefetch::next).withCause(error);
    }
  }

  @Test
  void closingEndsTheThread() {
    Prefetch prefetch = batches.prefetch(0, 0, Integer.MAX_VALUE);
    prefetch.next();
    assertThat(thread("retort-prefetch").isDaemon()).isTrue();

    prefetch.close();
    prefetch.close();

    assertThat(thread("retort-prefetch")).isNull();
    assertThatIllegalStateException().isThrownBy(prefetch::next).withMessage("prefetch is closed");
  }

  @Test
  void theThreadEndsByItselfAfterTheLastBatch() throws InterruptedException {
    try (Prefetch prefetch = batches.prefetch(0, 0, 1)) {
      while (prefetch.hasNext()) {
        prefetch.next();
      }
      while (thread("retort-prefetch") != null) {
        Thread.sleep(1);
      }
    }
  }

  @Test
  void closingFromAnotherThreadWakesAConsumerThatWaits() throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    Prefetch prefetch =
        new Prefetch(
            PrefetchTest::smallBatch,
            batch -> {
              try {
                never.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            10);
    AtomicReference<Throwable> seen = new AtomicReference<>();
    Thread consumer =
        new Thread(
            () -> {
              try {
                while (true) {
                  prefetch.next();
                }
              } catch (IllegalStateException e) {
                seen.set(e);
              }
            });
    consumer.start();
    while (consumer.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }

    prefetch.close();
    consumer.join();

    assertThat(seen.get()).hasMessage("prefetch is closed");
  }

  @Test
  void anInterruptedConsumerStaysInterruptedAndLosesNoBatch() throws InterruptedException {
    try (Prefetch prefetch = batches.prefetch(0, 0, 1)) {
      prefetch.next();

      Thread.currentThread().interrupt();
      assertThatExceptionOfType(CancellationException.class).isThrownBy(prefetch::next);
      assertThat(Thread.interrupted()).isTrue();

      BatchesTest.assertSame(prefetch.next(), batches.epoch(0, 1).iterator().next());
    }
  }

  @Test
  void closingWhileInterruptedEndsTheThreadAndKeepsTheInterrupt() {
    Prefetch prefetch = batches.prefetch(0, 0, Integer.MAX_VALUE);
    Thread.currentThread().interrupt();

    prefetch.close();

    assertThat(Thread.interrupted()).isTrue();
    assertThat(thread("retort-prefetch")).isNull();
  }
}
