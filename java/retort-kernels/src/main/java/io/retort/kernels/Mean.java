package io.retort.kernels;

import io.retort.kernels.binding.Retort;

/** How several members' logits become one distribution. */
public enum Mean {
  /** The mean of the logits: the normalised geometric mean of the distributions. */
  LOGITS(Retort.RETORT_MEAN_OF_LOGITS),
  /** The arithmetic mean of the distributions at the temperature. */
  PROBABILITIES(Retort.RETORT_MEAN_OF_PROBABILITIES);

  final int value;

  Mean(int value) {
    this.value = value;
  }
}
