package io.retort.distill.targets;

import java.util.Arrays;

/**
 * Keeps what the teacher says of the example and drops what it says of the classes: its probability
 * of the label, and the rest spread evenly.
 *
 * <pre>
 *   rho_t = p_t      rho_k = (1 - p_t) / (classes - 1), k != t
 * </pre>
 */
public record KdPt() implements TargetTransform {

  @Override
  public void transform(TeacherKnowledge teacher, int example, double[] rho) {
    int label = teacher.labels()[example];
    int others = teacher.classes() - 1;
    double kept = others == 0 ? 1 : Math.min(1, teacher.probability(example, label));
    Arrays.fill(rho, (1 - kept) / Math.max(1, others));
    rho[label] = kept;
  }
}
