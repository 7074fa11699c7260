package io.retort.distill;

/** A run directory holds a run that was begun with another configuration than the one asked for. */
public final class RunConflictException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  RunConflictException(String message) {
    super(message);
  }
}
