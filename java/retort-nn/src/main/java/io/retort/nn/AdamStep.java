package io.retort.nn;

/**
 * The constants of one step of Adam (Kingma and Ba 2015) or AdamW (Loshchilov and Hutter 2019), as
 * in {@code retort_adam}; the device checks their ranges.
 *
 * @param learningRate finite, at least 0
 * @param beta1 decay of the first moment, in [0, 1)
 * @param beta2 decay of the second moment, in [0, 1)
 * @param epsilon added to the root of the second moment, above 0
 * @param weightDecay L2 penalty, or the decoupled decay where {@code decoupled}; at least 0
 * @param decoupled whether this is AdamW
 * @param step counts from 1
 */
public record AdamStep(
    float learningRate,
    float beta1,
    float beta2,
    float epsilon,
    float weightDecay,
    boolean decoupled,
    long step) {}
