package io.retort.benchmarks;

import io.retort.kernels.InstructionSet;
import io.retort.kernels.Mean;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.runner.RunnerException;
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

  /** One measurement for every mean and provider. */
  List<Measurement> measure(int classes, int teachers) throws RunnerException {
    long rows = DistillationProblem.rows(classes, teachers, modelBytes);
    long bytes = rows * DistillationProblem.bytesOfRow(classes, teachers);
    double copy = copy(bytes).getPercentile(50);
    List<Measurement> measurements = new ArrayList<>();
    for (Mean mean : means) {
      for (String provider : providers) {
        Statistics time = loss(classes, teachers, mean, provider);
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

  /** Retort's name carries the instruction set. */
  static String label(String provider) {
    return provider.equals(RetortProvider.NAME)
        ? provider + "-" + InstructionSet.current()
        : provider;
  }

  private Statistics copy(long bytes) throws RunnerException {
    return Jmh.sample(
        CopyBenchmark.class, Map.of("modelBytes", bytes, "threads", threads), milliseconds);
  }

  private Statistics loss(int classes, int teachers, Mean mean, String provider)
      throws RunnerException {
    Map<String, ?> parameters =
        Map.of(
            "classes", classes,
            "teachers", teachers,
            "mean", mean,
            "threads", threads,
            "modelBytes", modelBytes,
            "provider", provider);
    return Jmh.sample(DistillationLossBenchmark.class, parameters, milliseconds);
  }
}
