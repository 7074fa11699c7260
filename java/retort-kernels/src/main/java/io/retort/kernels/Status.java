package io.retort.kernels;

import io.retort.kernels.binding.Retort;

/** Turns a native call's status into an exception. */
public final class Status {
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
    String message = Retort.retort_last_error().getString();
    if (status == Retort.RETORT_INVALID_ARGUMENT) {
      throw new IllegalArgumentException(message);
    }
    throw new RetortException(message);
  }
}
