package io.retort.distill;

import io.retort.kernels.Totals;

/**
 * What the steps of an epoch came to so far: sums over its examples.
 *
 * @param examples how many were learnt from
 * @param correct how many of them were predicted right before the step that learnt from them
 * @param loss sum of what was minimised
 * @param hard sum of its part from the labels, not weighted
 * @param soft sum of its part from the teachers, not weighted
 * @param seconds time the steps took
 */
record EpochTotals(
    long examples, long correct, double loss, double hard, double soft, double seconds) {

  static final EpochTotals NONE = new EpochTotals(0, 0, 0, 0, 0, 0);

  /** These totals and one step more, whose losses are means over its rows. */
  EpochTotals plus(int rows, int correctRows, Totals step, double stepSeconds) {
    return new EpochTotals(
        examples + rows,
        correct + correctRows,
        loss + step.total() * rows,
        hard + step.hard() * rows,
        soft + step.soft() * rows,
        seconds + stepSeconds);
  }
}
