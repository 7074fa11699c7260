package io.retort.benchmarks;

import io.retort.kernels.DType;
import io.retort.kernels.InstructionSet;
import io.retort.kernels.Output;
import io.retort.kernels.Tail;
import io.retort.kernels.TopK;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.openjdk.jmh.util.Statistics;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Measures what sparse teachers need: the k largest classes of a row, and the loss against them.
 */
@Command(
    name = "sparse",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Measures the k largest classes of each row, with their logits and log-probabilities, and"
            + " the distillation loss against them with its gradient, beside a copy of as many"
            + " bytes on the same threads in the same run.")
final class Sparse implements Callable<Integer> {
  private static final List<Output> TOP_K_FORMS = List.of(Output.LOGITS, Output.LOG_PROBABILITIES);

  @Option(
      names = "--classes",
      split = ",",
      defaultValue = "32000,128256",
      description = "Class counts (default: ${DEFAULT-VALUE}).")
  private List<Integer> classes;

  @Option(
      names = "--entries",
      defaultValue = "64",
      description = "Classes listed of a row, k (default: ${DEFAULT-VALUE}).")
  private int entries;

  @Option(
      names = "--tails",
      split = ",",
      description = "What the loss makes of the other classes (default: everything it can).")
  private List<Tail> tails = List.of(Tail.values());

  @Option(
      names = "--megabytes",
      defaultValue = "256",
      description =
          "Bytes a call moves; far more than the caches hold (default: ${DEFAULT-VALUE}).")
  private int megabytes;

  @Mixin private final RunOptions options = new RunOptions(1000);

  @Spec private CommandSpec command;

  private Progress progress;

  @Override
  public Integer call() throws Exception {
    checkArguments();
    progress =
        new Progress(
            classes.size() * (2 + TOP_K_FORMS.size() + tails.size()),
            options.milliseconds,
            command.commandLine().getErr());
    List<Measurement> rows = new ArrayList<>();
    for (int count : classes) {
      rows.addAll(measureTopK(count));
      rows.addAll(measureLoss(count));
    }
    Measurements measurements = new Measurements(rows);
    System.out.print(MeasurementTable.of(measurements));
    if (options.output != null) {
      measurements.write(options.output);
    }
    return 0;
  }

  private void checkArguments() {
    OptionValues values = new OptionValues(command);
    classes.forEach(value -> values.positive("--classes", value));
    values.positive("--entries", entries);
    values.positive("--megabytes", megabytes);
    options.check(values);
    for (int count : classes) {
      if (entries > Math.min(count, TopK.MOST)) {
        throw new ParameterException(
            command.commandLine(),
            "--entries must be at most the classes and " + TopK.MOST + ", got " + entries);
      }
    }
  }

  private List<Measurement> measureTopK(int count) throws Exception {
    long bytesOfRow = TopKBenchmark.bytesOfRow(count, entries);
    Shape shape = shape(count, bytesOfRow);
    List<Measurement> measurements = new ArrayList<>();
    for (Output form : TOP_K_FORMS) {
      measurements.add(
          measure("top-k-of-" + Measurement.name(form), TopKBenchmark.class, "form", form, shape));
    }
    return measurements;
  }

  private List<Measurement> measureLoss(int count) throws Exception {
    long bytesOfRow = SparseDistillationLossBenchmark.bytesOfRow(count, entries);
    Shape shape = shape(count, bytesOfRow);
    List<Measurement> measurements = new ArrayList<>();
    for (Tail tail : tails) {
      measurements.add(
          measure(
              "sparse-distillation-loss-" + Measurement.name(tail),
              SparseDistillationLossBenchmark.class,
              "tail",
              tail,
              shape));
    }
    return measurements;
  }

  /** Rows of some classes, and how long a copy of what they move takes in this run. */
  private record Shape(long rows, int classes, long bytes, double copy) {}

  private Shape shape(int count, long bytesOfRow) throws Exception {
    long rows = Math.max(1, ((long) megabytes << 20) / bytesOfRow);
    long bytes = rows * bytesOfRow;
    progress.begin(count + " classes, copy");
    Map<String, ?> parameters = Map.of("modelBytes", bytes, "threads", options.threads);
    Statistics copy = Jmh.sample(CopyBenchmark.class, parameters, options.milliseconds);
    return new Shape(rows, count, bytes, copy.getPercentile(50));
  }

  private Measurement measure(
      String kernel, Class<?> benchmark, String option, Enum<?> value, Shape shape)
      throws Exception {
    Map<String, ?> parameters =
        Map.of(
            "classes",
            shape.classes,
            "entries",
            entries,
            option,
            value.name(),
            "threads",
            options.threads,
            "rows",
            shape.rows);
    progress.begin(shape.classes + " classes, " + kernel);
    Statistics time = Jmh.sample(benchmark, parameters, options.milliseconds);
    return new Measurement(
        kernel,
        RetortProvider.NAME + "-" + InstructionSet.current(),
        shape.rows,
        shape.classes,
        1,
        DType.F32,
        options.threads,
        time.getPercentile(50),
        time.getPercentile(20),
        time.getPercentile(80),
        shape.bytes,
        shape.copy / time.getPercentile(50),
        Machine.processor(),
        Machine.commit());
  }
}
