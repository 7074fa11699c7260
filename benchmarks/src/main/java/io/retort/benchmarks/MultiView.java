package io.retort.benchmarks;

import io.retort.benchmarks.TrainingStepProvider.Step;
import io.retort.kernels.InstructionSet;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures steps of the multi-view experiment's networks. */
@Command(
    name = "multi-view",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Measures a step of the networks of the multi-view experiment (full-batch gradient descent"
            + " of all of them): Retort, and with --peers the same step in NumPy, which has to train"
            + " alike before it is timed. python3-numpy must be installed for it.")
final class MultiView implements Callable<Integer> {
  private static final int STEPS_THAT_AGREE = 3;

  /**
   * Of a loss near 2.4, whose outputs are sums of a few thousand products in single precision: some
   * 1e-6 of rounding. A gradient that is wrong by a hundredth moves the third loss by 2e-3.
   */
  private static final double TOLERANCE = 1e-4;

  @Option(
      names = "--networks",
      defaultValue = "10",
      description = "Networks side by side (default: ${DEFAULT-VALUE}).")
  private int networks;

  @Option(
      names = "--samples",
      defaultValue = "400",
      description = "Samples of 14 patches (default: ${DEFAULT-VALUE}).")
  private int samples;

  @Option(
      names = "--dimension",
      defaultValue = "2000",
      description = "Size of a patch (default: ${DEFAULT-VALUE}).")
  private int dimension;

  @Option(
      names = "--providers",
      split = ",",
      description = "Whose implementations (default: all there are).")
  private List<String> providers = Provider.names(MultiViewStepProvider.class);

  @Mixin private final RunOptions options = new RunOptions(5000);

  @Spec private CommandSpec command;

  @Override
  public Integer call() throws IOException {
    OptionValues values = new OptionValues(command);
    values.positive("--networks", networks);
    values.positive("--samples", samples);
    values.positive("--dimension", dimension);
    options.check(values);
    values.available(MultiViewStepProvider.class, providers);
    MultiViewProblem problem =
        new MultiViewProblem(networks, samples, 14, dimension, options.threads);
    PrintWriter errors = command.commandLine().getErr();
    Progress progress = new Progress(providers.size(), options.milliseconds, errors);
    List<Double> losses = firstLosses(problem);
    List<MultiViewMeasurement> rows = new ArrayList<>();
    for (String provider : providers) {
      progress.begin(provider);
      try (Step step = Provider.named(MultiViewStepProvider.class, provider).prepare(problem)) {
        checkAgreement(provider, losses, step);
        rows.add(measure(provider, problem, step));
      } catch (IllegalStateException notHere) {
        errors.println(provider + " is left out: " + notHere.getMessage());
      }
    }
    print(problem, rows);
    if (options.output != null) {
      Csv.write(options.output, MultiViewMeasurement.class, rows);
    }
    return 0;
  }

  private static List<Double> firstLosses(MultiViewProblem problem) {
    try (Step step = new RetortMultiViewStepProvider().prepare(problem)) {
      List<Double> losses = new ArrayList<>();
      for (int i = 0; i < STEPS_THAT_AGREE; i++) {
        losses.add(step.run());
      }
      return losses;
    }
  }

  /** Fails where the first losses are not Retort's; {@code step} has taken none before. */
  static void checkAgreement(String provider, List<Double> losses, Step step) {
    for (int i = 0; i < losses.size(); i++) {
      double loss = step.run();
      if (!(Math.abs(loss - losses.get(i)) <= TOLERANCE)) {
        throw new IllegalArgumentException(
            "%s's loss at step %d is %s, Retort's %s; they may differ by %s"
                .formatted(provider, i + 1, loss, losses.get(i), TOLERANCE));
      }
    }
  }

  private MultiViewMeasurement measure(String provider, MultiViewProblem problem, Step step) {
    List<Long> times = new ArrayList<>();
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(options.milliseconds);
    long now = System.nanoTime();
    while (times.isEmpty() || now < end) {
      step.run();
      long after = System.nanoTime();
      times.add(after - now);
      now = after;
    }
    Collections.sort(times);
    double median = times.get(times.size() / 2);
    return new MultiViewMeasurement(
        provider.equals(RetortProvider.NAME) ? provider + "-" + InstructionSet.current() : provider,
        problem.networks(),
        problem.samples(),
        problem.patches(),
        problem.dimension(),
        problem.threads(),
        times.size(),
        median,
        times.get(0),
        problem.operations() / median,
        Machine.processor(),
        Machine.commit());
  }

  private static void print(MultiViewProblem problem, List<MultiViewMeasurement> rows) {
    System.out.printf(
        Locale.ROOT,
        "%s, %d threads; a step of %d networks of %d neurons, %d samples of %d patches of %d%n%n",
        Machine.processor(),
        problem.threads(),
        problem.networks(),
        problem.neuronsOfNetwork(),
        problem.samples(),
        problem.patches(),
        problem.dimension());
    System.out.printf(
        "%-42s %9s %10s %8s %14s%n", "", "median ms", "fastest ms", "GFLOP/s", "Retort faster");
    for (MultiViewMeasurement row : rows) {
      double times = row.median() / rows.get(0).median();
      boolean peer = !row.provider().startsWith(RetortProvider.NAME);
      System.out.printf(
          Locale.ROOT,
          "%-42s %9.1f %10.1f %8.1f %14s%n",
          row.provider(),
          row.median() / 1e6,
          row.fastest() / 1e6,
          row.gigaflops(),
          peer ? String.format(Locale.ROOT, "%.1fx", times) : "");
    }
  }
}
