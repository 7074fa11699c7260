package io.retort.kernels;

import io.retort.kernels.binding.Retort;

/**
 * How far the student's distribution q is from the teachers' p, both at the temperature T.
 * Formulas, where y is the label and p' and q' are p and q without it, renormalised; {@code
 * retort.h} has the gradients' conventions.
 */
public enum Divergence {
  /** {@code KL(p || q)} (Hinton, Vinyals and Dean, 2015). */
  FORWARD_KL(Retort.RETORT_FORWARD_KL),
  /** {@code KL(q || p)}. */
  REVERSE_KL(Retort.RETORT_REVERSE_KL),
  /**
   * {@code beta KL(p || m) + (1 - beta) KL(q || m)} with {@code m = beta p + (1 - beta) q} (Agarwal
   * et al., 2023); at beta 0 {@code KL(p || q)}, at beta 1 {@code KL(q || p)}.
   */
  JENSEN_SHANNON(Retort.RETORT_JENSEN_SHANNON),
  /** {@code sum |p - q| / 2}; a tie has the subgradient 0. */
  TOTAL_VARIATION(Retort.RETORT_TOTAL_VARIATION),
  /** The mean over the classes of the squared difference of the logits over T. */
  SQUARED_ERROR(Retort.RETORT_SQUARED_ERROR),
  /**
   * {@code targetWeight KL((p_y, 1 - p_y) || (q_y, 1 - q_y)) + nonTargetWeight KL(p' || q')} (Zhao
   * et al., "Decoupled Knowledge Distillation", 2022). Needs labels.
   */
  DECOUPLED(Retort.RETORT_DECOUPLED),
  /**
   * {@code -targetWeight p_y log softmax(student)_y} at temperature 1 {@code - nonTargetWeight T²
   * sum p' log q'}, the T² where it is asked for (Yang et al., "From Knowledge Distillation to
   * Self-Knowledge Distillation", 2023). Needs labels.
   */
  NORMALIZED(Retort.RETORT_NORMALIZED);

  final int value;

  Divergence(int value) {
    this.value = value;
  }
}
