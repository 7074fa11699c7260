package io.retort.distill;

/**
 * One trained network on the test set.
 *
 * @param name name of its checkpoint
 * @param architecture its network
 * @param seed its seed
 * @param parameters how many numbers were learnt
 * @param agreementWithEnsemble fraction of test images on which it predicts what the ensemble
 *     predicts
 * @param metrics how good it is
 */
public record ModelResult(
    String name,
    String architecture,
    long seed,
    long parameters,
    double agreementWithEnsemble,
    Metrics metrics) {}
