package io.retort.cli.progress;

import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressState;

/**
 * One line that is overwritten: a bar for the whole run where there is room, and what is done. Of
 * several networks in training it tells of the first, and does not jump between them.
 */
final class TerminalProgress implements ProgressDisplay {
  private static final long WHOLE = 10_000;
  private static final int MILLISECONDS_BETWEEN_UPDATES = 200;
  private static final int LONGEST_BAR = 30;
  private static final int SHORTEST_BAR = 5;

  private final TimeLeft timeLeft = new TimeLeft(System::nanoTime);
  private final ProgressBar bar;
  private Update shown;

  /** A display as wide as {@code columns}, given so that no library takes over the terminal. */
  TerminalProgress(PrintStream stream, int columns) {
    int width = columns - 1; // a full last column would begin a new line on some terminals
    bar =
        new ProgressBarBuilder()
            .setInitialMax(WHOLE)
            .setUpdateIntervalMillis(MILLISECONDS_BETWEEN_UPDATES)
            .setConsumer(new ConsoleProgressBarConsumer(stream, width))
            .setRenderer(TerminalProgress::render)
            .build();
  }

  @Override
  public void report(Update update) {
    bar.stepTo(Math.round(WHOLE * update.fractionOfRun()));
    if (shown == null || shown.step() == shown.steps() || !follows(update)) {
      shown = update;
      bar.setExtraMessage(ProgressText.of(update, timeLeft.at(update.fractionOfRun())));
    }
  }

  /** Whether it tells of a later network, beside which the one that is shown is in training. */
  private boolean follows(Update update) {
    return update.stageNumber() > shown.stageNumber();
  }

  /** Fills the width, so that nothing of a longer line before it remains; the consumer cuts. */
  private static String render(ProgressState state, int width) {
    String text = state.getExtraMessage();
    double fraction = state.getNormalizedProgress();
    String percent = String.format("%3.0f %% ", Math.floor(100 * fraction));
    int room = Math.min(LONGEST_BAR, width - percent.length() - text.length() - "[] ".length());
    String line = percent + (room < SHORTEST_BAR ? "" : bar(fraction, room)) + text;
    return line + " ".repeat(Math.max(0, width - line.length()));
  }

  private static String bar(double fraction, int length) {
    int done = (int) (fraction * length);
    return "[" + "=".repeat(done) + " ".repeat(length - done) + "] ";
  }

  @Override
  public void close() {
    bar.close();
  }
}
