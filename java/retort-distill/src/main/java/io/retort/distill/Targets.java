package io.retort.distill;

import io.retort.kernels.DistillationLoss;
import java.util.List;

/**
 * What a network learns from.
 *
 * @param teachers names of the models whose logits make soft targets; none for the labels alone
 * @param mean what the teachers are averaged as
 * @param temperature by which the teachers' and the student's logits are divided
 * @param alpha weight of the soft targets, in [0, 1]; the labels weigh 1 - alpha
 */
record Targets(List<String> teachers, MeanKind mean, double temperature, double alpha) {

  static final Targets LABELS = new Targets(List.of(), MeanKind.LOGITS, 1, 0);

  Targets {
    teachers = List.copyOf(teachers);
  }

  /** The loss with these targets: Hinton's, with the soft part times the temperature squared. */
  DistillationLoss loss(double labelSmoothing) {
    return DistillationLoss.builder()
        .mean(mean.kernel())
        .temperature((float) temperature)
        .alpha((float) alpha)
        .labelSmoothing((float) labelSmoothing)
        .build();
  }
}
