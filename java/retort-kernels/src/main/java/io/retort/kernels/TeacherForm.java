package io.retort.kernels;

import io.retort.kernels.binding.Retort;

/** What the teachers' matrices hold. */
public enum TeacherForm {
  /** Logits. */
  LOGITS(Retort.RETORT_LOGITS),
  /** Probabilities, which stand for their logarithms; a negative one is NaN. */
  PROBABILITIES(Retort.RETORT_PROBABILITIES),
  /** Log-probabilities, which are the logits of a teacher at temperature 1. */
  LOG_PROBABILITIES(Retort.RETORT_LOG_PROBABILITIES);

  final int value;

  TeacherForm(int value) {
    this.value = value;
  }
}
