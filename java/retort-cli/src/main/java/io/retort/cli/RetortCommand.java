package io.retort.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code retort}: says what there is. */
@Command(
    name = "retort",
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    description = "Makes ensembles of neural networks and distils them into one network.",
    sortOptions = false,
    descriptionHeading = "%n",
    optionListHeading = "%nOptions%n",
    commandListHeading = "%nCommands%n",
    footerHeading = "%nExamples%n",
    footer = {
      "  retort doctor",
      "  retort quickstart",
      "  retort distill --data fashion-mnist --members 3 --run three"
    })
final class RetortCommand implements Runnable {
  @Spec private CommandSpec spec;

  /** picocli answers it before the command runs. */
  @SuppressWarnings("unused")
  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the version.")
  private boolean version;

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
