package io.retort.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A fixed number of threads that share out the range of a loop, one contiguous part each. */
final class Workers implements AutoCloseable {
  /** The part of a loop from an index to before another. */
  interface Range {
    void run(long from, long to);
  }

  private final int threads;
  private final ExecutorService executor;

  Workers(int threads) {
    this.threads = threads;
    this.executor =
        Executors.newFixedThreadPool(
            threads,
            work -> {
              Thread thread = new Thread(work, "worker");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Runs the loop over {@code [0, size)} and returns when every part is done. */
  void share(long size, Range loop) {
    List<Callable<Void>> parts = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      long from = size * i / threads;
      long to = size * (i + 1) / threads;
      parts.add(
          () -> {
            loop.run(from, to);
            return null;
          });
    }
    try {
      for (Future<Void> part : executor.invokeAll(parts)) {
        part.get();
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a loop ran", interrupted);
    } catch (ExecutionException failure) {
      throw new IllegalStateException("a part of the loop failed", failure.getCause());
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
