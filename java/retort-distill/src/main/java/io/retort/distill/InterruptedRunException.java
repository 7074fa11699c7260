package io.retort.distill;

/** A run stopped because it was asked to; what it did is on the disk and it can be gone on with. */
public final class InterruptedRunException extends RuntimeException {
  private static final long serialVersionUID = 1;

  InterruptedRunException(String message) {
    super(message);
  }

  /** What stopped, and after which of its steps. */
  public static InterruptedRunException after(String model, long step) {
    return new InterruptedRunException(model + " stopped after step " + step);
  }
}
