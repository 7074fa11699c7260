package io.retort.benchmarks;

import java.util.Locale;
import java.util.OptionalDouble;

/**
 * The results as a table for people: a provider a line, and beside each peer how much faster Retort
 * is.
 */
final class MeasurementTable {
  private MeasurementTable() {}

  static String of(Measurements measurements) {
    StringBuilder table =
        new StringBuilder(
            line(
                "kernel",
                "classes",
                "rows",
                "teachers",
                "dtype",
                "provider",
                "median ms",
                "GB/s",
                "of copy",
                "Retort faster"));
    for (Measurement row : measurements.rows()) {
      table.append(
          line(
              row.kernel(),
              String.valueOf(row.classes()),
              String.valueOf(row.rows()),
              String.valueOf(row.teachers()),
              Measurement.name(row.dtype()),
              row.provider(),
              String.format(Locale.ROOT, "%.3f", row.median() / 1e6),
              String.format(Locale.ROOT, "%.2f", row.gigabytesPerSecond()),
              String.format(Locale.ROOT, "%.1f%%", 100 * row.shareOfCopy()),
              times(measurements.retortFasterBy(row))));
    }
    return table.toString();
  }

  private static String times(OptionalDouble ratio) {
    return ratio.isPresent() ? String.format(Locale.ROOT, "%.1fx", ratio.getAsDouble()) : "";
  }

  private static String line(Object... cells) {
    return String.format("%-36s %8s %9s %9s %5s  %-18s %10s %8s %9s %14s", cells).stripTrailing()
        + "\n";
  }
}
