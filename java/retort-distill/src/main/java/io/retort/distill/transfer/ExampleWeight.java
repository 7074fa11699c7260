package io.retort.distill.transfer;

/**
 * How much distillation weighs an example: omega, the ratio of what it and the labels alone pull at
 * the label's logit (Proposition 1 of Tang et al.). With targets rho, the student's probabilities q
 * and, where there is a temperature T, those at T marked by a dash,
 *
 * <pre>
 *   omega = (1 - alpha) + alpha * T * (rho_t - q'_t) / (1 - q_t)
 * </pre>
 *
 * <p>for the loss of Hinton with its T². At T = 1 that is the paper's 1 - alpha (1 - rho_t) / (1 -
 * q_t). It is above 1 - alpha where the teacher is surer than the student, and may be negative.
 */
public final class ExampleWeight {

  private ExampleWeight() {}

  /**
   * Omega of every example, with the teacher's own probabilities as targets.
   *
   * @param alpha weight of the soft targets, in [0, 1]
   * @param temperature T
   * @param teacher its logits, row-major [labels.length, classes]
   * @param student its logits, the same
   * @return one an example; NaN where the student is so sure that the labels pull no more
   */
  public static float[] of(
      double alpha,
      double temperature,
      float[] teacher,
      float[] student,
      int[] labels,
      int classes) {
    float[] weights = new float[labels.length];
    for (int i = 0; i < labels.length; i++) {
      LogitRow targets = new LogitRow(teacher, i, classes);
      weights[i] =
          (float)
              of(
                  alpha,
                  temperature,
                  targets.complement(labels[i], temperature),
                  new LogitRow(student, i, classes),
                  labels[i]);
    }
    return weights;
  }

  /**
   * Omega of one example.
   *
   * @param offLabel 1 - rho_t, what the targets give to other classes than the label
   */
  static double of(double alpha, double temperature, double offLabel, LogitRow student, int label) {
    double soft = student.complement(label, temperature) - offLabel;
    return 1 - alpha + alpha * temperature * soft / student.complement(label, 1);
  }
}
