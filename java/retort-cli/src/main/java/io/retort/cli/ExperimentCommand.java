package io.retort.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code retort experiment}: says which experiments there are. */
@Command(
    name = "experiment",
    description = "Repeats the experiments of the research that Retort implements.",
    synopsisSubcommandLabel = "EXPERIMENT",
    sortOptions = false,
    descriptionHeading = "%n",
    optionListHeading = "%nOptions%n",
    commandListHeading = "%nExperiments%n",
    footerHeading = "%nExamples%n",
    footer = {
      "  retort experiment list",
      "  retort experiment multi-view --quick",
      "  retort experiment real --quick",
      "  retort experiment transfer --quick"
    })
final class ExperimentCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
