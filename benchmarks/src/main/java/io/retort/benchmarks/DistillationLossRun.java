package io.retort.benchmarks;

import io.retort.kernels.InstructionSet;
import io.retort.kernels.Mean;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.util.Statistics;

/**
 * Measures providers of the distillation loss, shape by shape. What is compared runs within a
 * minute: the copy of a shape's bytes, then every provider on that shape.
 *
 * @param means how the teachers become one
 * @param providers names of the implementations
 * @param threads threads that work
 * @param modelBytes bytes one call moves, about
 * @param milliseconds time to measure each provider for, after two thirds of it to warm up
 */
record DistillationLossRun(
    List<Mean> means, List<String> providers, int threads, long modelBytes, long milliseconds) {
  private static final int WARMUP_ITERATIONS = 2;
  private static final int ITERATIONS = 3;

  /** One measurement for every mean and provider. */
  List<Measurement> measure(int classes, int teachers) throws RunnerException {
    long rows = DistillationProblem.rows(classes, teachers, modelBytes);
    long bytes = rows * DistillationProblem.bytesOfRow(classes, teachers);
    double copy = time(copy(bytes)).getPercentile(50);
    List<Measurement> measurements = new ArrayList<>();
    for (Mean mean : means) {
      for (String provider : providers) {
        Statistics time = time(loss(classes, teachers, mean, provider));
        measurements.add(
            new Measurement(
                "distillation-loss-of-" + mean.name().toLowerCase(Locale.ROOT),
                label(provider),
                rows,
                classes,
                teachers,
                "f32",
                threads,
                time.getPercentile(50),
                time.getPercentile(20),
                time.getPercentile(80),
                bytes,
                copy / time.getPercentile(50),
                Machine.processor(),
                Machine.commit()));
      }
    }
    return measurements;
  }

  private static String label(String provider) {
    return provider.equals(RetortProvider.NAME)
        ? provider + "-" + InstructionSet.current()
        : provider;
  }

  private ChainedOptionsBuilder copy(long bytes) {
    return options(CopyBenchmark.class).param("modelBytes", String.valueOf(bytes));
  }

  private ChainedOptionsBuilder loss(int classes, int teachers, Mean mean, String provider) {
    return options(DistillationLossBenchmark.class)
        .param("classes", String.valueOf(classes))
        .param("teachers", String.valueOf(teachers))
        .param("mean", mean.name())
        .param("modelBytes", String.valueOf(modelBytes))
        .param("provider", provider);
  }

  private ChainedOptionsBuilder options(Class<?> benchmark) {
    return new OptionsBuilder()
        .include("^" + benchmark.getName() + "\\.")
        .param("threads", String.valueOf(threads))
        .warmupIterations(WARMUP_ITERATIONS)
        .warmupTime(TimeValue.milliseconds(milliseconds / ITERATIONS))
        .measurementIterations(ITERATIONS)
        .measurementTime(TimeValue.milliseconds(milliseconds / ITERATIONS));
  }

  private static Statistics time(ChainedOptionsBuilder options) throws RunnerException {
    return Jmh.run(options).iterator().next().getPrimaryResult().getStatistics();
  }
}
