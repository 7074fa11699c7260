package io.retort.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.util.Statistics;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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

  @Mixin private final RunOptions options = new RunOptions(6000);

  @Spec private CommandSpec command;

  @Override
  public Integer call() throws RunnerException, IOException {
    OptionValues values = new OptionValues(command);
    values.positive("--batch", batch);
    options.check(values);
    values.available(TrainingStepProvider.class, providers);
    Progress progress =
        new Progress(
            1 + networks.size() * providers.size(),
            options.milliseconds,
            command.commandLine().getErr());
    progress.begin("matrix product");
    double peak = peak();
    List<TrainingMeasurement> rows = new ArrayList<>();
    for (TrainingNetwork network : networks) {
      for (String provider : providers) {
        progress.begin(network.architecture() + ", " + provider);
        rows.add(measure(network, provider, peak));
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%s, %d threads, matrix product %.1f GFLOP/s%n%n",
        Machine.processor(),
        options.threads,
        peak);
    System.out.print(TrainingTable.of(rows));
    if (options.output != null) {
      Csv.write(options.output, TrainingMeasurement.class, rows);
    }
    return 0;
  }

  /** 10^9 floating point operations a second, of a large matrix product. */
  private double peak() throws RunnerException {
    return MatrixProductBenchmark.OPERATIONS
        / Jmh.sample(
                MatrixProductBenchmark.class,
                Map.of("threads", options.threads),
                options.milliseconds)
            .getPercentile(50);
  }

  private TrainingMeasurement measure(TrainingNetwork network, String provider, double peak)
      throws RunnerException {
    Map<String, ?> parameters =
        Map.of(
            "network", network, "batch", batch, "threads", options.threads, "provider", provider);
    Statistics time = Jmh.sample(TrainingStepBenchmark.class, parameters, options.milliseconds);
    double gigaflops = network.operationsOfImage() * batch / time.getPercentile(50);
    return new TrainingMeasurement(
        network.architecture(),
        DistillationLossRun.label(provider),
        batch,
        options.threads,
        time.getPercentile(50),
        time.getPercentile(20),
        time.getPercentile(80),
        gigaflops,
        gigaflops / peak,
        Machine.processor(),
        Machine.commit());
  }
}
