package io.retort.cli;

import io.retort.cli.settings.Setting;
import picocli.CommandLine.Command;

/** {@code retort quickstart}: {@code retort distill} as it comes. */
@Command(
    name = "quickstart",
    description = {
      "Distils five small networks on Fashion-MNIST into one, and writes a report.",
      "The same as retort distill with its defaults. If it is stopped, --resume goes on."
    },
    sortOptions = false,
    abbreviateSynopsis = true,
    descriptionHeading = "%n",
    parameterListHeading = "%nArguments%n",
    optionListHeading = "%nOptions%n",
    footerHeading = "%nExamples%n",
    footer = {"  retort quickstart", "  retort quickstart --resume"})
final class QuickstartCommand extends DistillCommand {

  QuickstartCommand(Invocation invocation) {
    super(
        invocation,
        Setting.DATA_DIR,
        Setting.DEVICE,
        Setting.PRECISION,
        Setting.THREADS,
        Setting.PARALLEL);
  }
}
