package io.retort.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code retort experiment list}: a line an experiment. */
@Command(
    name = "list",
    description = "Lists the experiments, a line each.",
    sortOptions = false,
    abbreviateSynopsis = true,
    descriptionHeading = "%n",
    optionListHeading = "%nOptions%n",
    footerHeading = "%nExample%n",
    footer = "  retort experiment list")
final class ExperimentListCommand implements Callable<Integer> {
  private final Invocation invocation;

  @Spec private CommandSpec spec;

  ExperimentListCommand(Invocation invocation) {
    this.invocation = invocation;
  }

  @Override
  public Integer call() {
    spec.parent()
        .subcommands()
        .forEach(
            (name, command) -> {
              if (command.getCommand() != this) {
                String[] description = command.getCommandSpec().usageMessage().description();
                invocation.out().println(name + "  " + description[0]);
              }
            });
    return ExitCode.OK;
  }
}
