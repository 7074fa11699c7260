package io.retort.cli.progress;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * How long a run will still take, if it goes on as fast as since it began here. What a resumed run
 * had done before does not count as speed.
 */
final class TimeLeft {
  private final LongSupplier nanoClock;
  private long begin;
  private double fractionAtBegin = Double.NaN;

  TimeLeft(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /**
   * The time left at this fraction of the run; empty as long as there is nothing to tell it from.
   */
  Optional<Duration> at(double fraction) {
    if (Double.isNaN(fractionAtBegin)) {
      fractionAtBegin = fraction;
      begin = nanoClock.getAsLong();
    }
    double done = fraction - fractionAtBegin;
    if (done <= 0) {
      return Optional.empty();
    }
    double nanos = (nanoClock.getAsLong() - begin) / done * (1 - fraction);
    return Optional.of(Duration.ofNanos(Math.round(nanos)));
  }
}
