package io.retort.kernels;

import io.retort.kernels.binding.Retort;

/** What the soft part of {@link Divergence#FORWARD_KL} is told as. One gradient, three values. */
public enum SoftValue {
  /** {@code KL(p || q)} of the teachers' mean p. */
  KL_OF_MEAN(Retort.RETORT_KL_OF_MEAN),
  /** The mean of the teachers' own KL; needs {@link Mean#PROBABILITIES} where there are several. */
  MEAN_OF_KL(Retort.RETORT_MEAN_OF_KL),
  /** {@code -sum p log q}. */
  CROSS_ENTROPY(Retort.RETORT_CROSS_ENTROPY);

  final int value;

  SoftValue(int value) {
    this.value = value;
  }
}
