package io.retort.benchmarks;

import java.io.PrintStream;
import java.util.Collection;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;

/** Runs JMH with its progress on standard error, for standard output is for the results. */
final class Jmh {
  private Jmh() {}

  /**
   * Runs the benchmarks that the options name.
   *
   * @throws RunnerException if one of them fails
   */
  static Collection<RunResult> run(ChainedOptionsBuilder options) throws RunnerException {
    PrintStream standardOutput = System.out;
    System.setOut(System.err);
    try {
      return new Runner(options.shouldFailOnError(true).build()).run();
    } finally {
      System.setOut(standardOutput);
    }
  }
}
