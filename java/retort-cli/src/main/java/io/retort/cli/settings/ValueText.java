package io.retort.cli.settings;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;

/** The values of a configuration as text: in YAML, on the command line and in the help. */
final class ValueText {
  private ValueText() {}

  /** How a value is written. */
  static String of(Object value) {
    if (value instanceof Double number) {
      return new BigDecimal(number.toString()).stripTrailingZeros().toPlainString();
    }
    return value instanceof Enum<?> constant ? nameOf(constant) : String.valueOf(value);
  }

  /**
   * The value that a text stands for.
   *
   * @throws IllegalArgumentException if it stands for none of that type, naming what was given
   */
  static Object parse(GivenValue given, Class<?> type) {
    String text = given.text().strip();
    try {
      if (type == int.class) {
        return Integer.parseInt(text);
      } else if (type == long.class) {
        return Long.parseLong(text);
      } else if (type == double.class) {
        return Double.parseDouble(text);
      }
    } catch (NumberFormatException e) {
      String kind = type == double.class ? "a number" : "a whole number";
      throw given.refused("must be " + kind + ", got " + text);
    }
    if (type == boolean.class) {
      return oneOf(given, List.of("false", "true")) == 1;
    } else if (type.isEnum()) {
      Object[] constants = type.getEnumConstants();
      List<String> names = Arrays.stream(constants).map(c -> nameOf((Enum<?>) c)).toList();
      return constants[oneOf(given, names)];
    }
    return given.text();
  }

  /** The index of the given name among those that there are. */
  static int oneOf(GivenValue given, List<String> names) {
    int index = names.indexOf(given.text().strip());
    if (index < 0) {
      throw given.refused("must be one of " + String.join(", ", names) + "; got " + given.text());
    }
    return index;
  }

  /** The name that a constant has in YAML. */
  private static String nameOf(Enum<?> constant) {
    try {
      JsonProperty written =
          constant.getDeclaringClass().getField(constant.name()).getAnnotation(JsonProperty.class);
      return written == null ? constant.name() : written.value();
    } catch (NoSuchFieldException e) {
      throw new IllegalStateException(e);
    }
  }
}
