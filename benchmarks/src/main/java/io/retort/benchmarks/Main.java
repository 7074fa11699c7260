package io.retort.benchmarks;

import io.retort.kernels.InstructionSet;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the distillation loss beside a copy of as many bytes, and prints and stores the results. */
@Command(
    name = "benchmarks/run",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Measures the distillation loss with its gradient, and a copy of as many bytes in the same run.",
    footer = {"", "Example: benchmarks/run --classes 10,1000 --teachers 4 --threads 2"})
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
      names = "--means",
      split = ",",
      defaultValue = "LOGITS,PROBABILITIES",
      description = "How the teachers become one (default: ${DEFAULT-VALUE}).")
  private List<String> means;

  @Option(
      names = "--threads",
      description = "Threads that work (default: one a processor).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(names = "--output", description = "CSV file to write (default: none).")
  private Path output;

  public static void main(String[] arguments) {
    System.exit(new CommandLine(new Main()).execute(arguments));
  }

  @Override
  public Integer call() throws RunnerException, IOException {
    List<Measurement> measurements = measurements(runWithProgressOnStandardError());
    System.out.printf(
        "%s, %d threads, %s, model bytes a call %d MB%n%n",
        Machine.processor(), threads, InstructionSet.current(), DistillationLossBenchmark.MODEL_BYTES >> 20);
    System.out.print(Measurement.table(measurements));
    if (output != null) {
      write(measurements);
    }
    return 0;
  }

  /** JMH writes to standard output, which is kept for the table. */
  private Collection<RunResult> runWithProgressOnStandardError() throws RunnerException {
    PrintStream standardOutput = System.out;
    System.setOut(System.err);
    try {
      return run();
    } finally {
      System.setOut(standardOutput);
    }
  }

  private Collection<RunResult> run() throws RunnerException {
    return new Runner(
            new OptionsBuilder()
                .include(DistillationLossBenchmark.class.getName())
                .param("classes", strings(classes))
                .param("teachers", strings(teachers))
                .param("mean", strings(means))
                .param("threads", String.valueOf(threads))
                .build())
        .run();
  }

  private static String[] strings(List<?> values) {
    return values.stream().map(String::valueOf).toArray(String[]::new);
  }

  /** Pairs each shape's loss with the copy that ran beside it. */
  private static List<Measurement> measurements(Collection<RunResult> results) {
    Map<String, Double> copies = new HashMap<>();
    for (RunResult result : results) {
      if (result.getPrimaryResult().getLabel().equals("copy")) {
        copies.put(shape(result), result.getPrimaryResult().getStatistics().getPercentile(50));
      }
    }
    List<Measurement> measurements = new ArrayList<>();
    for (RunResult result : results) {
      if (result.getPrimaryResult().getLabel().equals("distillationLoss")) {
        measurements.add(measurement(result, copies.get(shape(result))));
      }
    }
    return measurements;
  }

  private static String shape(RunResult result) {
    return List.of("classes", "teachers", "mean", "threads").stream()
        .map(result.getParams()::getParam)
        .toList()
        .toString();
  }

  private static Measurement measurement(RunResult result, double copyMedian) {
    int classes = Integer.parseInt(result.getParams().getParam("classes"));
    int teachers = Integer.parseInt(result.getParams().getParam("teachers"));
    Result<?> time = result.getPrimaryResult();
    return new Measurement(
        "distillation-loss-of-" + result.getParams().getParam("mean").toLowerCase(Locale.ROOT),
        "retort-" + InstructionSet.current(),
        classes,
        DistillationLossBenchmark.rows(classes, teachers),
        teachers,
        "f32",
        Integer.parseInt(result.getParams().getParam("threads")),
        time.getStatistics().getPercentile(50),
        time.getStatistics().getPercentile(20),
        time.getStatistics().getPercentile(80),
        DistillationLossBenchmark.modelBytes(classes, teachers),
        copyMedian);
  }

  private void write(List<Measurement> measurements) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(Measurement.CSV_HEADER);
    for (Measurement measurement : measurements) {
      lines.add(measurement.csv(Machine.processor(), Machine.commit()));
    }
    Files.createDirectories(output.toAbsolutePath().getParent());
    Files.write(output, lines);
  }
}
