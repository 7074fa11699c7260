package io.retort.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.RuntimeJsonMappingException;
import com.fasterxml.jackson.dataformat.csv.CsvGenerator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;

/** The results of one or more runs: a CSV file with one {@link Measurement} a row. */
record Measurements(List<Measurement> rows) {
  private static final CsvMapper CSV =
      CsvMapper.builder()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(CsvGenerator.Feature.STRICT_CHECK_FOR_QUOTING)
          .build();
  private static final CsvSchema SCHEMA = CSV.schemaFor(Measurement.class).withHeader();

  Measurements {
    rows = List.copyOf(rows);
  }

  /**
   * Reads a file that {@link #write} wrote.
   *
   * @throws IOException naming the file, if it cannot be read or is no table of results
   */
  static Measurements read(Path file) throws IOException {
    String text = Files.readString(file);
    if (!text.startsWith("kernel,provider,")) {
      throw new IOException(file + " does not start with the header of benchmark results");
    }
    try (MappingIterator<Measurement> rows =
        CSV.readerFor(Measurement.class)
            .with(CsvSchema.emptySchema().withHeader())
            .readValues(text)) {
      return new Measurements(rows.readAll());
    } catch (JsonProcessingException | RuntimeJsonMappingException malformed) {
      throw new IOException(file + " is not a table of benchmark results", malformed);
    }
  }

  /** Writes the rows, making the directory where it is missing. */
  void write(Path file) throws IOException {
    ObjectWriter writer = CSV.writer(SCHEMA);
    Files.createDirectories(file.toAbsolutePath().getParent());
    try (var sequence = writer.writeValues(file.toFile())) {
      sequence.writeAll(rows);
    }
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
