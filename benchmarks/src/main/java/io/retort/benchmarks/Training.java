package io.retort.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.util.Statistics;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures training steps. */
@Command(
    name = "training",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Measures training steps (forward, backward, gradient descent): Retort, with --peers the"
            + " same network in PyTorch, and OpenBLAS's product of 2048 x 2048 matrices as the"
            + " limit of the machine.")
final class Training implements Callable<Integer> {
  @Option(
      names = "--networks",
      split = ",",
      defaultValue = "CNNBN,WRN",
      description = "cnnbn-16-32-128 and wrn-16-2 (default: ${DEFAULT-VALUE}).")
  private List<TrainingNetwork> networks;

  @Option(
      names = "--providers",
      split = ",",
      description = "Whose implementations (default: all there are).")
  private List<String> providers = Provider.names(TrainingStepProvider.class);

  @Option(
      names = "--batch",
      defaultValue = "128",
      description = "Images of a step (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(names = "--threads", description = "Threads that work (default: one a processor).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--milliseconds",
      defaultValue = "6000",
      description = "Time to measure each provider for (default: ${DEFAULT-VALUE}).")
  private long milliseconds;

  @Option(names = "--output", description = "CSV file to write (default: none).")
  private Path output;

  @Spec private CommandSpec command;

  @Override
  public Integer call() throws RunnerException, IOException {
    OptionValues values = new OptionValues(command);
    values.positive("--batch", batch);
    values.positive("--threads", threads);
    values.positive("--milliseconds", milliseconds);
    values.available(TrainingStepProvider.class, providers);
    double peak = peak();
    List<TrainingMeasurement> rows = new ArrayList<>();
    for (TrainingNetwork network : networks) {
      for (String provider : providers) {
        rows.add(measure(network, provider, peak));
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%s, %d threads, matrix product %.1f GFLOP/s%n%n",
        Machine.processor(),
        threads,
        peak);
    System.out.print(TrainingTable.of(rows));
    if (output != null) {
      Csv.write(output, TrainingMeasurement.class, rows);
    }
    return 0;
  }

  /** 10^9 floating point operations a second, of a large matrix product. */
  private double peak() throws RunnerException {
    return MatrixProductBenchmark.OPERATIONS
        / Jmh.sample(MatrixProductBenchmark.class, Map.of("threads", threads), milliseconds)
            .getPercentile(50);
  }

  private TrainingMeasurement measure(TrainingNetwork network, String provider, double peak)
      throws RunnerException {
    Map<String, ?> parameters =
        Map.of("network", network, "batch", batch, "threads", threads, "provider", provider);
    Statistics time = Jmh.sample(TrainingStepBenchmark.class, parameters, milliseconds);
    double gigaflops = network.operationsOfImage() * batch / time.getPercentile(50);
    return new TrainingMeasurement(
        network.architecture(),
        DistillationLossRun.label(provider),
        batch,
        threads,
        time.getPercentile(50),
        time.getPercentile(20),
        time.getPercentile(80),
        gigaflops,
        gigaflops / peak,
        Machine.processor(),
        Machine.commit());
  }
}
