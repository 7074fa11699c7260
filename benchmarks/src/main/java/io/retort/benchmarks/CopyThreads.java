package io.retort.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** Copies memory on a fixed number of threads: the machine's limit that kernels are measured against. */
final class CopyThreads implements AutoCloseable {
  private final int threads;
  private final ExecutorService executor;

  CopyThreads(int threads) {
    this.threads = threads;
    this.executor =
        Executors.newFixedThreadPool(
            threads,
            work -> {
              Thread thread = new Thread(work, "copy");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Copies the first half of the memory onto the second, a contiguous share a thread. */
  void copyFirstHalfToSecond(FloatPointer memory) {
    long half = memory.limit() / 2;
    List<Callable<Void>> shares = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      long from = half * i / threads;
      long to = half * (i + 1) / threads;
      shares.add(
          () -> {
            Pointer target = memory.getPointer(half + from);
            Pointer.memcpy(target, memory.getPointer(from), (to - from) * Float.BYTES);
            return null;
          });
    }
    try {
      for (Future<Void> share : executor.invokeAll(shares)) {
        share.get();
      }
    } catch (InterruptedException | ExecutionException failure) {
      throw new IllegalStateException("the copy did not finish", failure);
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
