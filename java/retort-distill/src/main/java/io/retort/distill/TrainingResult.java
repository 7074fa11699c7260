package io.retort.distill;

/**
 * What came of training one network.
 *
 * @param config what was asked for
 * @param steps steps it was trained
 * @param parameters how many numbers were learnt
 * @param metrics how good it is on the test images
 */
public record TrainingResult(TrainingConfig config, long steps, long parameters, Metrics metrics) {}
