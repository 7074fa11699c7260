package io.retort.kernels;

/** A native failure that is not the fault of one argument: no kernel for this case, no memory. */
public class RetortException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** A failure described by {@code message}. */
  public RetortException(String message) {
    super(message);
  }

  /** A failure described by {@code message} and caused by {@code cause}. */
  public RetortException(String message, Throwable cause) {
    super(message, cause);
  }
}
