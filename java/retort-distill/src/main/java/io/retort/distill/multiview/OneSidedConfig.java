package io.retort.distill.multiview;

import io.retort.distill.check.Require;

/**
 * The distillation of Allen-Zhu and Li's theorems, beside cross-entropy with the labels:
 *
 * <pre>
 *   target(F, i) = exp(min(threshold² F(i), 1) / threshold) / sum over j of the same
 *   gradient on F(i) += pull * min(target(F, i) - target(teacherScale * G, i), 0)
 * </pre>
 *
 * <p>It raises an output that is below the teacher's and never lowers one.
 *
 * @param threshold tau, above 0
 * @param teacherScale what the mean G of the teacher's members is multiplied by, above 0
 * @param pull eta' / eta, at least 0
 */
public record OneSidedConfig(double threshold, double teacherScale, double pull) {

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public OneSidedConfig {
    Require.positive("threshold", threshold);
    Require.positive("teacherScale", teacherScale);
    Require.notNegative("pull", pull);
  }
}
