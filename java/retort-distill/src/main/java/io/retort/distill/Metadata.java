package io.retort.distill;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.Map;

/** Values in the metadata of a file, which are text: plain, or JSON. */
final class Metadata {

  private Metadata() {}

  static String json(Object value) {
    try {
      return Formats.JSON_LINE.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("records of numbers and text alone can be written", e);
    }
  }

  /**
   * Reads JSON.
   *
   * @throws IllegalArgumentException naming the entry, if it is missing or something else
   */
  static <T> T parse(Map<String, String> metadata, String name, Class<T> type) {
    try {
      T value = Formats.JSON_LINE.readValue(text(metadata, name), type);
      if (value == null) {
        throw new IllegalArgumentException("its metadata " + name + " is null");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "its metadata " + name + " cannot be understood: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * Reads text.
   *
   * @throws IllegalArgumentException naming the entry, if it is missing
   */
  static String text(Map<String, String> metadata, String name) {
    String value = metadata.get(name);
    if (value == null) {
      throw new IllegalArgumentException("its metadata has no " + name);
    }
    return value;
  }
}
