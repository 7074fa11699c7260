package io.retort.kernels;

import io.retort.kernels.binding.Retort;

/**
 * What {@link SparseDistillationLoss} makes of the mass outside the classes S that a row's teachers
 * list. p is the teachers' distribution, q the student's, both at the temperature T; {@code
 * sparse_distillation.h} has the gradients.
 */
public enum Tail {
  /**
   * One category of its own: {@code KL(p || q)} over the classes of S and the tail. It is at least
   * 0, and with one teacher at most the KL of the whole rows.
   */
  BIN(Retort.RETORT_TAIL_BIN),
  /** Left out: {@code KL(p || q)} on S, both sides renormalised there; no gradient elsewhere. */
  RENORMALIZED(Retort.RETORT_TAIL_RENORMALIZED),
  /**
   * Spread evenly over the classes that a teacher does not list (Tang et al., "Understanding and
   * Improving Knowledge Distillation", 2020).
   */
  UNIFORM(Retort.RETORT_TAIL_UNIFORM),
  /** Cut off: {@code sum p log(p / q)} on S, which is no divergence and may be below 0. */
  TRUNCATED(Retort.RETORT_TAIL_TRUNCATED);

  final int value;

  Tail(int value) {
    this.value = value;
  }
}
