package io.retort.kernels;

import io.retort.kernels.binding.Retort;

/** What an ensemble's mean is written as. */
public enum Output {
  /** Logits whose softmax at the temperature is the mean's distribution. */
  LOGITS(Retort.RETORT_LOGITS),
  /** Probabilities at the temperature. */
  PROBABILITIES(Retort.RETORT_PROBABILITIES),
  /** Their logarithms. */
  LOG_PROBABILITIES(Retort.RETORT_LOG_PROBABILITIES);

  final int value;

  Output(int value) {
    this.value = value;
  }
}
