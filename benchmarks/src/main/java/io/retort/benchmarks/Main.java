package io.retort.benchmarks;

import io.retort.benchmarks.DistillationLossRun.Shape;
import io.retort.kernels.DType;
import io.retort.kernels.InstructionSet;
import io.retort.kernels.Mean;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.openjdk.jmh.runner.RunnerException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures the distillation loss with its gradient, prints a table and stores the results. */
@Command(
    name = "benchmarks/run",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    subcommands = {Sparse.class, Training.class, MultiView.class, CallOverhead.class, Draw.class},
    description =
        "Measures the distillation loss with its gradient: Retort, its peers and a copy of as many"
            + " bytes, on the same threads in the same run. A peer is timed only once its loss and"
            + " gradient agree.",
    footer = {
      "",
      "Start with --peers to bring in PyTorch and ND4J; that downloads about 200 MB the first time.",
      "Example: benchmarks/run --peers --classes 10,1000 --teachers 4 --output results.csv"
    })
public final class Main implements Callable<Integer> {
  @Option(
      names = "--classes",
      split = ",",
      defaultValue = "10,100,1000,10000,32000,128256",
      description = "Class counts (default: ${DEFAULT-VALUE}).")
  private List<Integer> classes;

  @Option(
      names = "--teachers",
      split = ",",
      defaultValue = "1,4,16",
      description = "Numbers of teachers (default: ${DEFAULT-VALUE}).")
  private List<Integer> teachers;

  @Option(
      names = "--dtypes",
      split = ",",
      defaultValue = "f32,bf16",
      description = "Types of the logits: f32, f16, bf16 (default: ${DEFAULT-VALUE}).")
  private List<DType> dtypes;

  @Option(
      names = "--means",
      split = ",",
      defaultValue = "LOGITS,PROBABILITIES",
      description = "How the teachers become one (default: ${DEFAULT-VALUE}).")
  private List<Mean> means;

  @Option(
      names = "--providers",
      split = ",",
      description = "Whose implementations (default: all there are).")
  private List<String> providers = Provider.names(DistillationLossProvider.class);

  @Option(
      names = "--megabytes",
      defaultValue = "256",
      description =
          "Bytes a call moves; far more than the caches hold (default: ${DEFAULT-VALUE}).")
  private int megabytes;

  @Mixin private final RunOptions options = new RunOptions(3000);

  @Spec private CommandSpec command;

  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(Main::reportFailure);
  }

  private static int reportFailure(
      Exception failure, CommandLine commandLine, CommandLine.ParseResult parsed) {
    commandLine.getErr().println(failure.getMessage());
    return commandLine.getCommandSpec().exitCodeOnExecutionException();
  }

  @Override
  public Integer call() throws RunnerException, IOException {
    checkArguments();
    dtypes.forEach(this::nameUnsupporting);
    DistillationLossRun run =
        new DistillationLossRun(
            shapes(),
            means,
            providers,
            options.threads,
            (long) megabytes << 20,
            options.milliseconds);
    Measurements measurements = new Measurements(run.measure(command.commandLine().getErr()));
    System.out.printf(
        Locale.ROOT,
        "%s, %d threads, %s, about %d MB a call%n%n",
        Machine.processor(),
        options.threads,
        InstructionSet.current(),
        megabytes);
    System.out.print(MeasurementTable.of(measurements));
    if (options.output != null) {
      measurements.write(options.output);
    }
    return 0;
  }

  /** Every combination of classes, teachers and types. */
  private List<Shape> shapes() {
    List<Shape> shapes = new ArrayList<>();
    for (int classCount : classes) {
      for (int teacherCount : teachers) {
        for (DType dtype : dtypes) {
          shapes.add(new Shape(classCount, teacherCount, dtype));
        }
      }
    }
    return shapes;
  }

  private void checkArguments() {
    OptionValues values = new OptionValues(command);
    classes.forEach(value -> values.positive("--classes", value));
    teachers.forEach(value -> values.positive("--teachers", value));
    values.positive("--megabytes", megabytes);
    options.check(values);
    values.available(DistillationLossProvider.class, providers);
  }

  /** Says which providers will not be measured on a type, and fails where that is all of them. */
  private void nameUnsupporting(DType dtype) {
    List<String> unsupporting = new ArrayList<>(providers);
    unsupporting.removeAll(DistillationLossRun.supporting(providers, dtype));
    if (unsupporting.equals(providers)) {
      throw new ParameterException(
          command.commandLine(),
          "--dtypes must be of types that one of "
              + providers
              + " supports, got "
              + Measurement.name(dtype));
    }
    for (String provider : unsupporting) {
      command
          .commandLine()
          .getErr()
          .println(provider + " does not support " + Measurement.name(dtype) + ": left out");
    }
  }
}
