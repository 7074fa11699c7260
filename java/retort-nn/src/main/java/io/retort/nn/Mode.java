package io.retort.nn;

/** What a forward pass is for. */
public enum Mode {
  /**
   * Keeps what backward and tangent need; batch normalisation uses and tracks the batch's
   * statistics.
   */
  TRAINING,
  /** Predicts only; batch normalisation uses its running statistics. */
  INFERENCE
}
