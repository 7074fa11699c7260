package io.retort.benchmarks;

import java.io.PrintStream;
import java.util.Collection;
import java.util.Map;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;

/** Runs JMH with what it prints on standard error, for standard output is for the results. */
final class Jmh {
  private static final int WARMUP_ITERATIONS = 2;
  private static final int ITERATIONS = 3;

  private Jmh() {}

  /**
   * The times of one benchmark's calls in nanoseconds, without a word: {@link Progress} tells more.
   *
   * @param benchmark a class with one benchmark that samples times
   * @param parameters one value each
   * @param milliseconds time to measure for, after two thirds of it to warm up
   * @throws RunnerException with the benchmark's message, if it fails
   */
  static Statistics sample(Class<?> benchmark, Map<String, ?> parameters, long milliseconds)
      throws RunnerException {
    TimeValue iteration = TimeValue.milliseconds(Math.max(1, milliseconds / ITERATIONS));
    ChainedOptionsBuilder options =
        options(benchmark)
            .warmupIterations(WARMUP_ITERATIONS)
            .warmupTime(iteration)
            .measurementIterations(ITERATIONS)
            .measurementTime(iteration)
            .verbosity(VerboseMode.SILENT);
    parameters.forEach((name, value) -> options.param(name, value.toString()));
    return run(options).iterator().next().getPrimaryResult().getStatistics();
  }

  /** What {@link #sample} takes with the time to warm up, less what its JVM takes to start. */
  static long millisecondsWithWarmup(long milliseconds) {
    return milliseconds * (WARMUP_ITERATIONS + ITERATIONS) / ITERATIONS;
  }

  /** Options that name all benchmarks of a class. */
  static ChainedOptionsBuilder options(Class<?> benchmark) {
    return new OptionsBuilder().include("^" + benchmark.getName() + "\\.");
  }

  /**
   * Runs the benchmarks that the options name.
   *
   * @throws RunnerException with the benchmark's message, if one of them fails
   */
  static Collection<RunResult> run(ChainedOptionsBuilder options) throws RunnerException {
    PrintStream standardOutput = System.out;
    System.setOut(System.err);
    try {
      return new Runner(options.shouldFailOnError(true).build()).run();
    } catch (RunnerException failure) {
      throw named(failure);
    } finally {
      System.setOut(standardOutput);
    }
  }

  /**
   * The failure with the message of what the benchmark threw, which JMH keeps to its own output.
   */
  private static RunnerException named(RunnerException failure) {
    Throwable benchmark = failure.getCause();
    return benchmark == null || benchmark.getSuppressed().length == 0
        ? failure
        : new RunnerException(benchmark.getSuppressed()[0].toString(), failure);
  }
}
