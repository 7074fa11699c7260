package io.retort.kernels;

import io.retort.kernels.binding.Retort;
import java.util.Locale;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.BytePointer;

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
    if (status != Retort.RETORT_OK) {
      throw exception(status, Retort.retort_last_error());
    }
  }

  /** What became of a call that failed, with the message that its library keeps. */
  static RuntimeException exception(int status, BytePointer lastError) {
    String message = inJava(lastError.getString());
    return status == Retort.RETORT_INVALID_ARGUMENT
        ? new IllegalArgumentException(message)
        : new RetortException(message);
  }

  /** A message with arguments named as they are in Java: {@code rowLoss} for {@code row_loss}. */
  private static String inJava(String message) {
    return UNDERSCORE.matcher(message).replaceAll(match -> match.group(1).toUpperCase(Locale.ROOT));
  }
}
