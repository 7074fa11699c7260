package io.retort.distill;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.retort.distill.targets.TargetTransform;
import io.retort.kernels.DistillationLoss;
import io.retort.kernels.TeacherForm;
import java.util.List;

/**
 * What a network learns from.
 *
 * @param teachers names of the models whose logits make soft targets; none for the labels alone
 * @param mean what the teachers are averaged as
 * @param temperature by which the teachers' and the student's logits are divided
 * @param alpha weight of the soft targets, in [0, 1]; the labels weigh 1 - alpha
 * @param transform what the soft targets are made by from the only teacher; null for its, or the
 *     teachers', own probabilities
 */
public record Targets(
    List<String> teachers,
    MeanKind mean,
    double temperature,
    double alpha,
    @JsonInclude(JsonInclude.Include.NON_NULL) TargetTransform transform) {

  /** The labels alone. */
  public static final Targets LABELS = new Targets(List.of(), MeanKind.LOGITS, 1, 0);

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if there is a transform and not one teacher
   */
  public Targets {
    teachers = List.copyOf(teachers);
    if (transform != null && teachers.size() != 1) {
      throw new IllegalArgumentException("a transform takes one teacher, got " + teachers);
    }
  }

  /** The teachers' own probabilities. */
  public Targets(List<String> teachers, MeanKind mean, double temperature, double alpha) {
    this(teachers, mean, temperature, alpha, null);
  }

  /** The loss with these targets: Hinton's, with the soft part times the temperature squared. */
  DistillationLoss loss(double labelSmoothing) {
    DistillationLoss.Builder loss =
        DistillationLoss.builder()
            .mean(mean.kernel())
            .temperature((float) temperature)
            .alpha((float) alpha)
            .labelSmoothing((float) labelSmoothing);
    if (transform != null) {
      loss.teacherForm(TeacherForm.PROBABILITIES).teacherTemperatures(1);
    }
    return loss.build();
  }
}
