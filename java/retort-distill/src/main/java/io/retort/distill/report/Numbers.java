package io.retort.distill.report;

import java.util.List;
import java.util.Locale;

/** How numbers are written: the same in any locale. */
final class Numbers {

  private static final char NO_BREAK_SPACE = '\u00a0';
  private static final char NARROW_NO_BREAK_SPACE = '\u202f';
  private static final List<String> WORDS =
      List.of(
          "No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten",
          "Eleven", "Twelve");

  private Numbers() {}

  static String decimals(double value, int decimals) {
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }

  /** A fraction in percent: {@code 92.4 %}. */
  static String percent(double fraction, int decimals) {
    return decimals(100 * fraction, decimals) + NO_BREAK_SPACE + "%";
  }

  /** A difference of two fractions in points, always with its sign: {@code +1.05}. */
  static String points(double difference, int decimals) {
    String text = String.format(Locale.ROOT, "%+." + decimals + "f", 100 * difference);
    // What rounds to nothing has no direction.
    return text.matches("[+-]0\\.?0*") ? text.substring(1) : text;
  }

  /** A whole number in groups of three digits: {@code 421 642}. */
  static String grouped(long value) {
    return String.format(Locale.ROOT, "%,d", value).replace(',', NARROW_NO_BREAK_SPACE);
  }

  /** The number that begins a sentence: a word up to twelve. */
  static String word(int value) {
    return value >= 0 && value < WORDS.size() ? WORDS.get(value) : Integer.toString(value);
  }

  /** Seconds as people say them: {@code 41 s}, {@code 3 min 20 s}, {@code 2 h 5 min}. */
  static String duration(double seconds) {
    if (!(seconds >= 0) || Double.isInfinite(seconds)) {
      return "";
    }
    if (seconds < 10) {
      return decimals(seconds, 1) + NO_BREAK_SPACE + "s";
    }
    long whole = Math.round(seconds);
    if (whole < 60) {
      return pair(whole, "s", 0, "");
    }
    if (whole < 3600) {
      return pair(whole / 60, "min", whole % 60, "s");
    }
    return pair(whole / 3600, "h", whole % 3600 / 60, "min");
  }

  private static String pair(long large, String largeUnit, long small, String smallUnit) {
    String text = large + "" + NO_BREAK_SPACE + largeUnit;
    return small == 0 ? text : text + NO_BREAK_SPACE + small + NO_BREAK_SPACE + smallUnit;
  }
}
