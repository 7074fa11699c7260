package io.retort.cli.progress;

import io.retort.distill.Progress;
import java.io.PrintStream;

/** Shows how far a run is, until it is closed. */
public interface ProgressDisplay extends Progress, AutoCloseable {

  /**
   * The display that suits where it is shown.
   *
   * @param stream where to write to
   * @param columns how wide the terminal there is; 0 if it is none
   */
  static ProgressDisplay open(PrintStream stream, int columns) {
    return columns > 0
        ? new TerminalProgress(stream, columns)
        : new PlainProgress(stream, System::nanoTime);
  }

  /** Shows nothing. */
  static ProgressDisplay quiet() {
    return update -> {};
  }

  @Override
  default void close() {}
}
