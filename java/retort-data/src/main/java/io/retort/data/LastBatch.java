package io.retort.data;

/** What becomes of the last batch of an epoch when the examples do not fill it. */
public enum LastBatch {
  /** It is left out: every batch has the batch size. */
  DROP,
  /** It is given with fewer examples. */
  KEEP
}
