package io.retort.distill.check;

/** Checks of configuration values, with messages that name the value and what was given. */
public final class Require {

  private Require() {}

  /**
   * Refuses a value below {@code least}.
   *
   * @throws IllegalArgumentException naming the value
   */
  public static void atLeast(String name, long value, long least) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", got " + value);
    }
  }

  /**
   * Refuses what is not finite or not above 0.
   *
   * @throws IllegalArgumentException naming the value
   */
  public static void positive(String name, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + " must be finite and > 0, got " + value);
    }
  }

  /**
   * Refuses what is not finite or below 0.
   *
   * @throws IllegalArgumentException naming the value
   */
  public static void notNegative(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + " must be finite and >= 0, got " + value);
    }
  }

  /**
   * Refuses what is not in [least, most].
   *
   * @throws IllegalArgumentException naming the value
   */
  public static void within(String name, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
      throw new IllegalArgumentException(
          name + " must lie in [" + least + ", " + most + "], got " + value);
    }
  }
}
