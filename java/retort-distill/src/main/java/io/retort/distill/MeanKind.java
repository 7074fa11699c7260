package io.retort.distill;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.retort.kernels.Mean;

/** What the members of an ensemble are averaged as. */
public enum MeanKind {
  /** Logits: the normalised geometric mean of the members' distributions. */
  @JsonProperty("logits")
  LOGITS,
  /**
   * Probabilities: the arithmetic mean of the members' distributions (Lakshminarayanan et al.
   * 2017).
   */
  @JsonProperty("probabilities")
  PROBABILITIES;

  Mean kernel() {
    return this == LOGITS ? Mean.LOGITS : Mean.PROBABILITIES;
  }
}
