package io.retort.kernels;

/**
 * A distillation loss and its parts, each reduced: {@code total = alpha * soft + (1 - alpha) *
 * hard}. A part whose weight is 0 is not computed and is 0.
 *
 * @param total the loss
 * @param hard cross-entropy with the labels
 * @param soft divergence from the teachers, times temperature² where that is asked for
 * @param denominator what the sums were divided by
 * @param countedRows rows that were not ignored
 */
public record Totals(
    double total, double hard, double soft, double denominator, long countedRows) {}
