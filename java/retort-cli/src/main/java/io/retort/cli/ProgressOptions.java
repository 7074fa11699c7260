package io.retort.cli;

import io.retort.cli.progress.ProgressDisplay;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** How much a command tells of its progress. */
final class ProgressOptions {
  @Option(names = "--quiet", description = "Show no progress, only the result.")
  private boolean quiet;

  /** The display that was asked for and suits the terminal; the caller closes it. */
  ProgressDisplay open(Invocation invocation, CommandSpec command) {
    return quiet
        ? ProgressDisplay.quiet()
        : ProgressDisplay.open(
            invocation.err(), invocation.terminal() ? command.usageMessage().width() : 0);
  }
}
