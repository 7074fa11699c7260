package io.retort.cli;

import io.retort.distill.report.Report;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code retort report}: the report of a run, once more. */
@Command(
    name = "report",
    description = "Writes report.html of a run again, from what the run has so far.",
    sortOptions = false,
    abbreviateSynopsis = true,
    descriptionHeading = "%n",
    parameterListHeading = "%nArguments%n",
    optionListHeading = "%nOptions%n",
    footerHeading = "%nExample%n",
    footer = "  retort report runs/quickstart")
final class ReportCommand implements Callable<Integer> {
  private final Invocation invocation;

  @Parameters(paramLabel = "RUN", description = "The run: a directory, or a name in runs/.")
  private Path run;

  ReportCommand(Invocation invocation) {
    this.invocation = invocation;
  }

  @Override
  public Integer call() throws IOException {
    invocation.out().println("report: " + Report.write(RunArgument.open(run)));
    return ExitCode.OK;
  }
}
