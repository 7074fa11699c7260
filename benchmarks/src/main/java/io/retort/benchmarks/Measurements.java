package io.retort.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;

/** The results of one or more runs: a CSV file with one {@link Measurement} a row. */
record Measurements(List<Measurement> rows) {
  Measurements {
    rows = List.copyOf(rows);
  }

  /** Reads a file that {@link #write} wrote. */
  static Measurements read(Path file) throws IOException {
    return new Measurements(Csv.read(file, Measurement.class));
  }

  /** Writes the rows, making the directory where it is missing. */
  void write(Path file) throws IOException {
    Csv.write(file, Measurement.class, rows);
  }

  /**
   * Times faster that Retort solved the same problem; empty for Retort itself and where it did not.
   */
  OptionalDouble retortFasterBy(Measurement peer) {
    if (peer.isRetort()) {
      return OptionalDouble.empty();
    }
    return rows.stream()
        .filter(row -> row.isRetort() && row.problem().equals(peer.problem()))
        .mapToDouble(retort -> peer.median() / retort.median())
        .findFirst();
  }
}
