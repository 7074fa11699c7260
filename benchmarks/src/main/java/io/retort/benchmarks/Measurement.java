package io.retort.benchmarks;

import java.util.List;
import java.util.Locale;

/**
 * One kernel on one shape: a row of the results.
 *
 * @param kernel what was measured
 * @param provider whose implementation
 * @param classes classes of the logits
 * @param rows rows of the logits
 * @param teachers number of teachers
 * @param dtype element type
 * @param threads threads that worked
 * @param median nanoseconds of a call
 * @param p20 the fastest fifth took no longer
 * @param p80 the slowest fifth took no less
 * @param modelBytes bytes that any implementation must move
 * @param copyMedian nanoseconds that a copy of as many bytes took in the same run
 */
record Measurement(
    String kernel,
    String provider,
    int classes,
    long rows,
    int teachers,
    String dtype,
    int threads,
    double median,
    double p20,
    double p80,
    long modelBytes,
    double copyMedian) {

  static final String CSV_HEADER =
      "kernel,provider,rows,classes,teachers,dtype,threads,median_ns,p20_ns,p80_ns,model_bytes,"
          + "gigabytes_per_second,share_of_copy,machine,commit";

  /** 10^9 model bytes a second. */
  double gigabytesPerSecond() {
    return modelBytes / median;
  }

  /** The speed of the copy over this one's: 1 is the speed of memory. */
  double shareOfCopy() {
    return copyMedian / median;
  }

  String csv(String machine, String commit) {
    return String.format(
        Locale.ROOT,
        "%s,%s,%d,%d,%d,%s,%d,%.0f,%.0f,%.0f,%d,%.3f,%.4f,\"%s\",%s",
        kernel,
        provider,
        rows,
        classes,
        teachers,
        dtype,
        threads,
        median,
        p20,
        p80,
        modelBytes,
        gigabytesPerSecond(),
        shareOfCopy(),
        machine.replace("\"", "\"\""),
        commit);
  }

  /** The measurements as a table for people. */
  static String table(List<Measurement> measurements) {
    StringBuilder table =
        new StringBuilder(
            String.format(
                "%-32s %8s %9s %8s %8s %10s %10s %8s%n",
                "kernel", "classes", "rows", "teachers", "threads", "median ms", "GB/s", "of copy"));
    for (Measurement m : measurements) {
      table.append(
          String.format(
              Locale.ROOT,
              "%-32s %8d %9d %8d %8d %10.3f %10.2f %7.1f%%%n",
              m.kernel,
              m.classes,
              m.rows,
              m.teachers,
              m.threads,
              m.median / 1e6,
              m.gigabytesPerSecond(),
              100 * m.shareOfCopy()));
    }
    return table.toString();
  }
}
