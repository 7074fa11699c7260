package io.retort.cli;

import io.retort.distill.DistillationResult;
import io.retort.distill.report.SeedTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code retort summary}: what several seeds come to. */
@Command(
    name = "summary",
    description =
        "Puts distillations that differ in their seed alone into one table of means and standard"
            + " deviations.",
    sortOptions = false,
    abbreviateSynopsis = true,
    descriptionHeading = "%n",
    parameterListHeading = "%nArguments%n",
    optionListHeading = "%nOptions%n",
    footerHeading = "%nExample%n",
    footer = {
      "  retort distill --seed 0 --run seed-0",
      "  retort distill --seed 1 --run seed-1",
      "  retort summary seed-0 seed-1"
    })
final class SummaryCommand implements Callable<Integer> {
  private final Invocation invocation;

  @Parameters(
      arity = "2..*",
      paramLabel = "RUN",
      description = "The runs: directories, or names in runs/.")
  private List<Path> runs;

  @Option(names = "--markdown", description = "Write the table as Markdown.")
  private boolean markdown;

  SummaryCommand(Invocation invocation) {
    this.invocation = invocation;
  }

  @Override
  public Integer call() throws IOException {
    List<DistillationResult> results = new ArrayList<>();
    for (Path run : runs) {
      results.add(RunArgument.open(run).readResult());
    }
    SeedTable table = SeedTable.of(results);
    invocation.out().print(markdown ? table.markdown() : table.format());
    return ExitCode.OK;
  }
}
