package io.retort.cli;

import picocli.CommandLine.Option;

/** The options that every command has. */
@SuppressWarnings("unused") // picocli writes the fields, and nobody needs to read them
final class CommonOptions {
  /** picocli answers it before a command runs. */
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  private boolean help;

  /** {@link Failures} looks for it among the arguments, for it holds where parsing fails, too. */
  @Option(names = Failures.DEBUG, description = "Show the stack trace of a failure.")
  private boolean debug;
}
