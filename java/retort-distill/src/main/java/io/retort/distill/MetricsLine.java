package io.retort.distill;

/**
 * One line of {@code metrics.jsonl}: a model after an epoch, on one split.
 *
 * @param model name of the model
 * @param epoch epochs done, from 1
 * @param step steps done
 * @param split {@code train} (mean over the steps of the epoch) or {@code test}
 * @param loss what was minimised
 * @param hard its part from the labels, not weighted
 * @param soft its part from the teachers, not weighted; 0 without teachers
 * @param accuracy fraction predicted right
 * @param learningRate rate of the last step
 * @param imagesPerSecond speed
 * @param seconds time the epoch, or the evaluation, took
 */
public record MetricsLine(
    String model,
    int epoch,
    long step,
    String split,
    double loss,
    double hard,
    double soft,
    double accuracy,
    double learningRate,
    double imagesPerSecond,
    double seconds) {}
