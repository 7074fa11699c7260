package io.retort.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.RuntimeJsonMappingException;
import com.fasterxml.jackson.databind.cfg.EnumFeature;
import com.fasterxml.jackson.dataformat.csv.CsvGenerator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Records as CSV files with a header, a column a component; constants in lower case. */
final class Csv {
  private static final CsvMapper MAPPER =
      CsvMapper.builder()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
          .enable(CsvGenerator.Feature.STRICT_CHECK_FOR_QUOTING)
          .build();

  private Csv() {}

  /** Writes the rows, making the directory where it is missing. */
  static <T> void write(Path file, Class<T> type, List<T> rows) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    try (var sequence =
        MAPPER.writer(MAPPER.schemaFor(type).withHeader()).writeValues(file.toFile())) {
      sequence.writeAll(rows);
    }
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws IOException naming the file, if it cannot be read, lacks a column or holds a wrong
   *     value
   */
  static <T> List<T> read(Path file, Class<T> type) throws IOException {
    String text = Files.readString(file);
    String header = String.join(",", MAPPER.schemaFor(type).getColumnNames());
    if (!text.startsWith(header)) {
      throw new IOException(file + " must begin with the columns " + header);
    }
    try (MappingIterator<T> rows =
        MAPPER.readerFor(type).with(CsvSchema.emptySchema().withHeader()).readValues(text)) {
      return rows.readAll();
    } catch (JsonProcessingException | RuntimeJsonMappingException malformed) {
      throw new IOException(file + " is not a table of benchmark results", malformed);
    }
  }
}
