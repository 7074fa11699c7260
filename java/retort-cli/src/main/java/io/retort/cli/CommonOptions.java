package io.retort.cli;

import picocli.CommandLine.Option;

/** The options that every command has. */
final class CommonOptions {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  private boolean help;

  /** {@link Failures} looks for it among the arguments, for it holds where parsing fails, too. */
  @Option(names = Failures.DEBUG, description = "Show the stack trace of a failure.")
  private boolean debug;
}
