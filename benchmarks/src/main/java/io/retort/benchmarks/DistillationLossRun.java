package io.retort.benchmarks;

import io.retort.kernels.DType;
import io.retort.kernels.InstructionSet;
import io.retort.kernels.Mean;
import java.io.PrintWriter;
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
 * @param shapes of the logits; each of a type that one of the providers supports
 * @param means how the teachers become one
 * @param providers names of the implementations; one that does not support a type is left out there
 * @param threads threads that work
 * @param modelBytes bytes one call moves, about
 * @param milliseconds time to measure each provider for, after two thirds of it to warm up
 */
record DistillationLossRun(
    List<Shape> shapes,
    List<Mean> means,
    List<String> providers,
    int threads,
    long modelBytes,
    long milliseconds) {

  /** Logits of so many classes of a student and so many teachers. */
  record Shape(int classes, int teachers, DType dtype) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT, "%,d classes, %d teachers, %s", classes, teachers, Measurement.name(dtype));
    }
  }

  /**
   * One measurement for every shape, mean and provider of the shape's type; its progress goes to
   * {@code messages}.
   */
  List<Measurement> measure(PrintWriter messages) throws RunnerException {
    Progress progress = new Progress(size(), milliseconds, messages);
    List<Measurement> measurements = new ArrayList<>();
    for (Shape shape : shapes) {
      measurements.addAll(measure(shape, progress));
    }
    return measurements;
  }

  /** Number of measurements, with the copies. */
  private int size() {
    return shapes.stream()
        .mapToInt(shape -> 1 + means.size() * supporting(providers, shape.dtype).size())
        .sum();
  }

  private List<Measurement> measure(Shape shape, Progress progress) throws RunnerException {
    long rows = DistillationProblem.rows(shape.classes, shape.teachers, shape.dtype, modelBytes);
    long bytes = rows * DistillationProblem.bytesOfRow(shape.classes, shape.teachers, shape.dtype);
    progress.begin(shape + ", copy");
    double copy = copy(bytes).getPercentile(50);
    List<Measurement> measurements = new ArrayList<>();
    for (Mean mean : means) {
      for (String provider : supporting(providers, shape.dtype)) {
        progress.begin(shape + ", mean of " + Measurement.name(mean) + ", " + provider);
        Statistics time = loss(shape, mean, provider);
        measurements.add(
            new Measurement(
                "distillation-loss-of-" + Measurement.name(mean),
                label(provider),
                rows,
                shape.classes,
                shape.teachers,
                shape.dtype,
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

  /** Those of the named implementations that solve problems of the type. */
  static List<String> supporting(List<String> providers, DType dtype) {
    return providers.stream()
        .filter(name -> Provider.named(DistillationLossProvider.class, name).supports(dtype))
        .toList();
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

  private Statistics loss(Shape shape, Mean mean, String provider) throws RunnerException {
    Map<String, ?> parameters =
        Map.of(
            "classes", shape.classes,
            "teachers", shape.teachers,
            "dtype", shape.dtype,
            "mean", mean,
            "threads", threads,
            "modelBytes", modelBytes,
            "provider", provider);
    return Jmh.sample(DistillationLossBenchmark.class, parameters, milliseconds);
  }
}
