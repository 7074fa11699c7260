package io.retort.benchmarks;

import java.util.List;
import java.util.Locale;

/**
 * The results of training as a table for people: how much faster Retort is stands beside each peer.
 */
final class TrainingTable {
  private TrainingTable() {}

  static String of(List<TrainingMeasurement> rows) {
    StringBuilder table =
        new StringBuilder(
            line(
                "network",
                "batch",
                "provider",
                "median ms",
                "images/s",
                "GFLOP/s",
                "of product",
                "Retort faster"));
    for (TrainingMeasurement row : rows) {
      table.append(
          line(
              row.network(),
              String.valueOf(row.batch()),
              row.provider(),
              decimal("%.1f", row.median() / 1e6),
              decimal("%.0f", row.imagesPerSecond()),
              decimal("%.1f", row.gigaflops()),
              decimal("%.1f%%", 100 * row.shareOfMatrixProduct()),
              retortFasterBy(row, rows)));
    }
    return table.toString();
  }

  private static String retortFasterBy(TrainingMeasurement peer, List<TrainingMeasurement> rows) {
    if (isRetort(peer)) {
      return "";
    }
    return rows.stream()
        .filter(row -> isRetort(row) && row.network().equals(peer.network()))
        .map(retort -> decimal("%.1fx", peer.median() / retort.median()))
        .findFirst()
        .orElse("");
  }

  private static boolean isRetort(TrainingMeasurement row) {
    return row.provider().startsWith(RetortProvider.NAME);
  }

  private static String decimal(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  private static String line(Object... cells) {
    return String.format("%-18s %6s %-24s %10s %9s %9s %11s %14s", cells).stripTrailing() + "\n";
  }
}
