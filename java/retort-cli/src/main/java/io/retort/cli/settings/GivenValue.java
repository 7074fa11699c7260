package io.retort.cli.settings;

/**
 * A value as the user wrote it.
 *
 * @param key which leaf of the configuration it is for
 * @param text what was written
 * @param name what the user calls it: the flag, or the key
 * @param place where it was written, as the beginning of a message; empty for the command line
 */
record GivenValue(String key, String text, String name, String place) {

  /** From the command line. */
  static GivenValue ofFlag(String key, String text, String flag) {
    return new GivenValue(key, text, flag, "");
  }

  /** From a line of a file. */
  static GivenValue ofLine(String key, String text, String file, int line) {
    return new GivenValue(key, text, key, file + ", line " + line + ": ");
  }

  /** A failure of this value: {@code problem} goes on after its name. */
  IllegalArgumentException refused(String problem) {
    return new IllegalArgumentException(place + name + " " + problem);
  }

  /** The refusal of a record that calls this value {@code component}. */
  IllegalArgumentException refused(String component, IllegalArgumentException refusal) {
    String message = refusal.getMessage();
    return message.startsWith(component + " ")
        ? refused(message.substring(component.length() + 1))
        : new IllegalArgumentException(place + message, refusal);
  }
}
