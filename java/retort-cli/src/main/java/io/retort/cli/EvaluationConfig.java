package io.retort.cli;

import io.retort.distill.DataConfig;

/**
 * How models are evaluated.
 *
 * @param data whose test images are used
 * @param device {@code cpu}, {@code cuda} or {@code auto}
 * @param threads threads of the CPU; 0 for one a processor; never changes the result
 */
public record EvaluationConfig(DataConfig data, String device, int threads) {

  static EvaluationConfig of(DataConfig data) {
    return new EvaluationConfig(data, "auto", 0);
  }
}
