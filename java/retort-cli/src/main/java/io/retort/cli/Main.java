package io.retort.cli;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** Where the command {@code retort} begins. */
public final class Main {
  private Main() {}

  /** Runs the command line and ends the JVM with its {@link ExitCode}. */
  public static void main(String[] arguments) {
    System.exit(run(Invocation.ofProcess(arguments)));
  }

  /** Runs a command line; returns its {@link ExitCode}. */
  static int run(Invocation invocation) {
    Failures failures = new Failures(invocation);
    try {
      return commandLine(invocation)
          .setParameterExceptionHandler((failure, given) -> failures.ofUsage(failure))
          .setExecutionExceptionHandler((failure, command, result) -> failures.of(failure))
          .execute(invocation.arguments().toArray(String[]::new));
    } catch (RuntimeException | Error failure) {
      return failures.of(failure);
    }
  }

  /** The command and its subcommands. */
  static CommandLine commandLine(Invocation invocation) {
    CommandLine retort =
        new CommandLine(new RetortCommand())
            .addSubcommand(new QuickstartCommand(invocation))
            .addSubcommand(new TrainCommand(invocation))
            .addSubcommand(new DistillCommand(invocation))
            .addSubcommand(new EvaluateCommand(invocation))
            .addSubcommand(experiments(invocation))
            .addSubcommand(new ReportCommand(invocation))
            .addSubcommand(new SummaryCommand(invocation))
            .addSubcommand(new DoctorCommand(invocation));
    retort.getSubcommands().values().forEach(Main::addCommonOptions);
    addCommonOptions(retort);
    return retort
        .addSubcommand(new CommandLine.HelpCommand())
        .setOut(invocation.outWriter())
        .setErr(invocation.errWriter())
        .setUsageHelpAutoWidth(invocation.terminal());
  }

  private static CommandLine experiments(Invocation invocation) {
    CommandLine experiments =
        new CommandLine(new ExperimentCommand())
            .addSubcommand(new ExperimentListCommand(invocation))
            .addSubcommand(new MultiViewCommand(invocation))
            .addSubcommand(new RealCommand(invocation))
            .addSubcommand(new TransferCommand(invocation));
    experiments.getSubcommands().values().forEach(Main::addCommonOptions);
    return experiments;
  }

  private static void addCommonOptions(CommandLine command) {
    command
        .getCommandSpec()
        .addMixin("common", CommandSpec.forAnnotatedObject(new CommonOptions()));
  }
}
