package io.retort.benchmarks;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options of every command that measures and stores. */
final class RunOptions {
  @Option(names = "--threads", description = "Threads that work (default: one a processor).")
  int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--milliseconds",
      description = "Time of each measurement (default: ${DEFAULT-VALUE}).")
  long milliseconds;

  @Option(names = "--output", description = "CSV file to write (default: none).")
  Path output;

  /** Options with a command's own default. */
  RunOptions(long milliseconds) {
    this.milliseconds = milliseconds;
  }

  void check(OptionValues values) {
    values.positive("--threads", threads);
    values.positive("--milliseconds", milliseconds);
  }
}
