package io.retort.cli.progress;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;

/** A line when the run begins and after every tenth of it, for logs. */
final class PlainProgress implements ProgressDisplay {
  /** Tells a tenth from a fraction that misses it by rounding alone. */
  private static final double ROUNDING = 1e-9;

  private final PrintStream stream;
  private final TimeLeft timeLeft;
  private int tenths = -1;

  PlainProgress(PrintStream stream, LongSupplier nanoClock) {
    this.stream = stream;
    this.timeLeft = new TimeLeft(nanoClock);
  }

  @Override
  public void report(Update update) {
    Optional<Duration> left = timeLeft.at(update.fractionOfRun());
    int reached = (int) (10 * update.fractionOfRun() + ROUNDING);
    if (reached > tenths) {
      tenths = reached;
      String percent = String.format(Locale.ROOT, "%3.0f %% ", 100 * update.fractionOfRun());
      stream.println(percent + ProgressText.of(update, left));
    }
  }
}
