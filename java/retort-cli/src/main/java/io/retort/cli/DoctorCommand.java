package io.retort.cli;

import io.retort.cli.doctor.Doctor;
import io.retort.cli.doctor.Finding;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;

/** {@code retort doctor}: whether Retort works here. */
@Command(
    name = "doctor",
    description = {
      "Looks at processor, memory, native libraries, CUDA, data sets and disk.",
      "Exits with 0 if a quickstart would work, and with 1 otherwise."
    },
    sortOptions = false,
    abbreviateSynopsis = true,
    descriptionHeading = "%n",
    parameterListHeading = "%nArguments%n",
    optionListHeading = "%nOptions%n",
    footerHeading = "%nExample%n",
    footer = "  retort doctor")
final class DoctorCommand implements Callable<Integer> {
  private final Invocation invocation;
  private final Doctor doctor;

  DoctorCommand(Invocation invocation) {
    this(invocation, Doctor.ofThisMachine(Path.of("runs")));
  }

  DoctorCommand(Invocation invocation, Doctor doctor) {
    this.invocation = invocation;
    this.doctor = doctor;
  }

  @Override
  public Integer call() {
    List<Finding> findings = doctor.look();
    invocation.out().println(new Version().getVersion()[0]);
    findings.forEach(this::print);
    boolean ready = findings.stream().noneMatch(f -> f.level() == Finding.Level.PROBLEM);
    invocation.out().println();
    invocation
        .out()
        .println(
            ready
                ? "A quickstart works here: " + invocation.program() + " quickstart"
                : "A quickstart does not work here yet: see the problems above.");
    return ready ? ExitCode.OK : ExitCode.NOT_READY;
  }

  private void print(Finding finding) {
    String mark =
        switch (finding.level()) {
          case OK -> "@|green ok     |@";
          case NOTE -> "@|yellow note   |@";
          case PROBLEM -> "@|bold,red problem|@";
        };
    Ansi ansi = invocation.terminal() ? Ansi.AUTO : Ansi.OFF;
    invocation
        .out()
        .printf("  %s  %-11s  %s%n", ansi.string(mark), finding.subject(), finding.text());
  }
}
