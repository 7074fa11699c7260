package io.retort.data;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Batches prepared ahead on a daemon thread, made by {@link Batches#prefetch}.
 *
 * <p>The memory of a few batches goes round between the thread that prepares and the one that
 * trains, so nothing is allocated for a batch: the batch that {@link #next} gave is valid until
 * {@code next} is called again. For one consuming thread; {@link #close} may come from any thread.
 */
public final class Prefetch implements Iterator<Batch>, AutoCloseable {
  /** One with the consumer, one being filled, and two ready in between. */
  private static final int BATCHES_IN_FLIGHT = 4;

  private final BlockingQueue<Batch> free = new ArrayBlockingQueue<>(BATCHES_IN_FLIGHT);

  /** Has room for every batch and the mark of the end, so putting into it never waits. */
  private final BlockingQueue<Batch> ready = new ArrayBlockingQueue<>(BATCHES_IN_FLIGHT + 1);

  /** What the thread puts last, however it ends. */
  private final Batch end = new Batch(0, 1, 1, 1);

  private final Thread thread;
  private volatile Throwable failure;
  private volatile boolean closed;
  private long remaining;
  private Batch lent;

  /** Prepares {@code count} batches by calling {@code filler} on storage from {@code storage}. */
  Prefetch(Supplier<Batch> storage, Consumer<Batch> filler, long count) {
    remaining = count;
    for (int i = 0; i < Math.min(count, BATCHES_IN_FLIGHT); i++) {
      free.add(storage.get());
    }
    thread = new Thread(() -> prepare(filler, count), "retort-prefetch");
    thread.setDaemon(true);
    thread.start();
  }

  private void prepare(Consumer<Batch> filler, long count) {
    try {
      for (long i = 0; i < count && !closed; i++) {
        Batch batch = free.take();
        filler.accept(batch);
        ready.add(batch);
      }
    } catch (InterruptedException e) {
      // Only close() interrupts this thread: nothing is left to do.
    } catch (Throwable e) {
      failure = e;
    } finally {
      ready.add(end);
    }
  }

  /**
   * Whether batches are left.
   *
   * @return false after the last batch
   */
  @Override
  public boolean hasNext() {
    return remaining > 0;
  }

  /**
   * Gives the next batch, and takes back the one it gave before. Waits until it is ready.
   *
   * @return the batch, valid until the next call
   * @throws NoSuchElementException when no batch is left
   * @throws IllegalStateException when this is closed, or the thread that prepares failed: the
   *     cause is what it failed of
   * @throws CancellationException when the calling thread is interrupted; it stays interrupted, and
   *     no batch is lost
   */
  @Override
  public Batch next() {
    if (closed) {
      throw new IllegalStateException("prefetch is closed");
    }
    if (remaining == 0) {
      throw new NoSuchElementException("no batch is left");
    }
    if (lent != null) {
      free.add(lent);
      lent = null;
    }
    Batch batch = take();
    if (batch == end) {
      ready.add(end);
      throw closed
          ? new IllegalStateException("prefetch is closed")
          : new IllegalStateException("preparing a batch failed: " + failure, failure);
    }
    remaining--;
    lent = batch;
    return batch;
  }

  private Batch take() {
    try {
      return ready.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while waiting for a batch");
    }
  }

  /**
   * Stops the thread and waits for it to end, which takes no longer than to prepare one batch. May
   * be called more than once.
   */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
