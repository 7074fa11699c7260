package io.retort.benchmarks;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Says which measurement of how many begins, and about how long it and the rest will take: as long
 * each as those before it took on average.
 */
final class Progress {
  private final int total;
  private final long firstNanoseconds;
  private final LongSupplier clock;
  private final PrintWriter writer;
  private final long start;
  private int begun;

  /**
   * Progress of measurements by {@link Jmh#sample}.
   *
   * @param total number of measurements
   * @param milliseconds that each is to measure for
   * @param writer where it is said
   */
  Progress(int total, long milliseconds, PrintWriter writer) {
    this(total, Jmh.millisecondsWithWarmup(milliseconds), writer, System::nanoTime);
  }

  /**
   * Progress by a clock in nanoseconds; before one measurement is done, it is said to take so long.
   */
  Progress(int total, long firstMilliseconds, PrintWriter writer, LongSupplier clock) {
    this.total = total;
    this.firstNanoseconds = TimeUnit.MILLISECONDS.toNanos(firstMilliseconds);
    this.writer = writer;
    this.clock = clock;
    start = clock.getAsLong();
  }

  /** Begins the next measurement. */
  void begin(String what) {
    int done = begun++;
    long each = done == 0 ? firstNanoseconds : (clock.getAsLong() - start) / done;
    long secondsLeft = TimeUnit.NANOSECONDS.toSeconds(each * (total - done));
    writer.printf(
        Locale.ROOT,
        "%d of %d: %s; about %d:%02d:%02d left%n",
        begun,
        total,
        what,
        secondsLeft / 3600,
        secondsLeft / 60 % 60,
        secondsLeft % 60);
  }
}
