package io.retort.kernels;

import io.retort.kernels.binding.Retort;
import java.util.Locale;
import java.util.regex.Pattern;

/** Turns a native call's status into an exception. */
public final class Status {
  private static final Pattern UNDERSCORE = Pattern.compile("(?<=[a-z0-9])_([a-z])");

  private Status() {}

  /**
   * Returns when {@code status} is {@code RETORT_OK}.
   *
   * @throws IllegalArgumentException with the native message, which names the argument and its
   *     value
   * @throws RetortException for every other failure
   */
  public static void check(int status) {
    if (status == Retort.RETORT_OK) {
      return;
    }
    String message = inJava(Retort.retort_last_error().getString());
    if (status == Retort.RETORT_INVALID_ARGUMENT) {
      throw new IllegalArgumentException(message);
    }
    throw new RetortException(message);
  }

  /** A message with arguments named as they are in Java: {@code rowLoss} for {@code row_loss}. */
  private static String inJava(String message) {
    return UNDERSCORE.matcher(message).replaceAll(match -> match.group(1).toUpperCase(Locale.ROOT));
  }
}
