package io.retort.distill.transfer;

/**
 * How much distillation weighs an example: omega, the ratio of what it and the labels alone pull at
 * the label's logit, both at one temperature (Proposition 1 of Tang et al.). With the probabilities
 * p of the teacher and q of the student at that temperature, and the label t,
 *
 * <pre>
 *   omega = (1 - alpha) + alpha (p_t - q_t) / (1 - q_t) = 1 - alpha (1 - p_t) / (1 - q_t)
 * </pre>
 *
 * <p>It is 1 - alpha where both agree on the label, more where the teacher is surer, up to 1, and
 * below 0 where distillation pulls the label's logit down.
 */
public final class ExampleWeight {

  private ExampleWeight() {}

  /**
   * Omega of every example.
   *
   * @param alpha weight of the soft targets, in [0, 1]
   * @param temperature by which the logits are divided
   * @param teacher its logits, row-major [labels.length, classes]
   * @param student its logits, the same
   * @return one an example; not finite where the student is so sure that the labels pull no more
   * @throws IllegalArgumentException if the sizes do not fit
   */
  public static float[] of(
      double alpha,
      double temperature,
      float[] teacher,
      float[] student,
      int[] labels,
      int classes) {
    LogitRow.check("teacher", teacher, labels, classes);
    LogitRow.check("student", student, labels, classes);
    float[] weights = new float[labels.length];
    for (int i = 0; i < labels.length; i++) {
      double offTeacher = new LogitRow(teacher, i, classes).complement(labels[i], temperature);
      double offStudent = new LogitRow(student, i, classes).complement(labels[i], temperature);
      weights[i] = (float) (1 - alpha * offTeacher / offStudent);
    }
    return weights;
  }
}
