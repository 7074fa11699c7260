package io.retort.data;

import java.io.IOException;

/**
 * The files of a data set are missing, cut short, corrupt, or do not fit each other.
 *
 * <p>The message is one sentence that names the file, the byte offset where there is one, and what
 * to do about it where that is known.
 */
public class DataException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an exception that no other caused.
   *
   * @param message what is wrong, and with which file
   */
  public DataException(String message) {
    super(message);
  }

  /**
   * Makes an exception that another one caused.
   *
   * @param message what is wrong, and with which file
   * @param cause what the library that read the file said
   */
  public DataException(String message, Throwable cause) {
    super(message, cause);
  }
}
