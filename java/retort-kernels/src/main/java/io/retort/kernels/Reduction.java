package io.retort.kernels;

import io.retort.kernels.binding.Retort;

/** How the rows' losses become one. */
public enum Reduction {
  /** Their sum. */
  SUM(Retort.RETORT_REDUCTION_SUM),
  /**
   * Their sum divided by a denominator: the sum of the counted rows' weights unless one is given.
   */
  MEAN(Retort.RETORT_REDUCTION_MEAN),
  /**
   * They stay apart in the row losses, which must be asked for; gradient and totals are the sum's.
   */
  NONE(Retort.RETORT_REDUCTION_NONE);

  final int value;

  Reduction(int value) {
    this.value = value;
  }
}
