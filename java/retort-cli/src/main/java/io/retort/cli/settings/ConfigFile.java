package io.retort.cli.settings;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Reads a YAML file of settings, and keeps the line that each stands on. */
final class ConfigFile {
  private static final YAMLFactory YAML =
      YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final Path file;
  private final Record shape;
  private final List<GivenValue> values = new ArrayList<>();

  private ConfigFile(Path file, Record shape) {
    this.file = file;
    this.shape = shape;
  }

  /**
   * Reads all settings of a file; one that is written empty counts as not written.
   *
   * @param shape a configuration of the kind that the file holds
   * @throws IllegalArgumentException naming file and line, if the file is no YAML or has a key that
   *     the configuration has not
   * @throws IOException if the file cannot be read
   */
  static List<GivenValue> read(Path file, Record shape) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IllegalArgumentException(file + " is a directory, not a YAML file");
    }
    ConfigFile reading = new ConfigFile(file, shape);
    try (InputStream bytes = Files.newInputStream(file);
        JsonParser parser = YAML.createParser(bytes)) {
      reading.readAll(parser);
    } catch (CharConversionException e) {
      throw new IllegalArgumentException(file + " is no text in UTF-8", e);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException("there is no file " + file, e);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          place(e.getLocation() == null ? 1 : e.getLocation().getLineNr(), file)
              + "not readable as YAML: "
              + e.getOriginalMessage().lines().findFirst().orElse(""),
          e);
    }
    return reading.values;
  }

  private void readAll(JsonParser parser) throws IOException {
    Deque<String> path = new ArrayDeque<>();
    int line = 1;
    for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
      switch (token) {
        case FIELD_NAME -> {
          line = parser.currentTokenLocation().getLineNr();
          path.addLast(parser.currentName());
          requireKnown(String.join(".", path), line);
        }
        case START_OBJECT -> requireRecord(String.join(".", path), line);
        case END_OBJECT -> path.pollLast();
        case START_ARRAY -> throw wrong(line, "a list stands where no list belongs");
        default -> {
          add(String.join(".", path), parser.getText(), line);
          path.pollLast();
        }
      }
    }
  }

  private void requireKnown(String key, int line) {
    if (!RecordTree.has(shape, key)) {
      int dot = key.lastIndexOf('.');
      String parent = dot < 0 ? "" : key.substring(0, dot);
      String keys = String.join(", ", RecordTree.keysOf(shape, parent));
      String where = parent.isEmpty() ? "" : " of " + parent;
      throw wrong(line, "unknown key " + key + "; the keys" + where + " are " + keys);
    }
  }

  private void requireRecord(String key, int line) {
    if (!key.isEmpty() && !(RecordTree.get(shape, key) instanceof Record)) {
      throw wrong(line, key + " must be one value, and has keys of its own");
    }
  }

  private void add(String key, String text, int line) {
    if (key.isEmpty()) {
      throw wrong(line, "key: value expected, got " + text);
    }
    if (RecordTree.get(shape, key) instanceof Record) {
      String keys = String.join(", ", RecordTree.keysOf(shape, key));
      throw wrong(line, key + " has the keys " + keys + ", and cannot be " + text);
    }
    if (!text.isEmpty()) {
      values.add(GivenValue.ofLine(key, text, file.toString(), line));
    }
  }

  private IllegalArgumentException wrong(int line, String problem) {
    return new IllegalArgumentException(place(line, file) + problem);
  }

  private static String place(int line, Path file) {
    return file + ", line " + line + ": ";
  }
}
