package io.retort.nn;

/**
 * What {@link Device#linearDistillation} takes of a linear layer, {@code logits = hidden *
 * weights^T + bias}, or where it writes the gradients on that.
 *
 * @param hidden [rows, hidden size]; null only for a gradient that is not wanted
 * @param weights [classes, hidden size]; null only for a gradient that is not wanted
 * @param bias [classes], or null
 */
public record LinearTensors(Tensor hidden, Tensor weights, Tensor bias) {}
