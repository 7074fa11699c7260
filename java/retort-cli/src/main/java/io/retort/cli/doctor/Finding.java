package io.retort.cli.doctor;

/**
 * What a check found.
 *
 * @param level how grave it is
 * @param subject what was looked at
 * @param text what it is, and what to do where something is missing
 */
public record Finding(Level level, String subject, String text) {

  /** How grave a finding is. */
  public enum Level {
    /** As it should be. */
    OK,
    /** Worth knowing; the quickstart works without it. */
    NOTE,
    /** The quickstart does not work. */
    PROBLEM
  }

  static Finding ok(String subject, String text) {
    return new Finding(Level.OK, subject, text);
  }

  static Finding note(String subject, String text) {
    return new Finding(Level.NOTE, subject, text);
  }

  static Finding problem(String subject, String text) {
    return new Finding(Level.PROBLEM, subject, text);
  }
}
