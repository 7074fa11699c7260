package io.retort.distill.targets;

import io.retort.distill.check.Require;

/**
 * Keeps what the teacher knows of the classes and drops what it says of the example: how alike the
 * label and the other classes are, the same for every example of a class.
 *
 * <pre>
 *   rho_k = softmax_k(cosine(w_t, w_k) / temperature)
 * </pre>
 *
 * @param temperature T_sim, finite and above 0; the lower, the more is left to the label
 */
public record KdSim(double temperature) implements TargetTransform {

  /**
   * Checks the temperature.
   *
   * @throws IllegalArgumentException if it is out of its range
   */
  public KdSim {
    Require.positive("temperature", temperature);
  }

  @Override
  public void transform(TeacherKnowledge teacher, int example, double[] rho) {
    ClassSimilarity similarity = teacher.similarity();
    int label = teacher.labels()[example];
    double largest = similarity.cosine(label, label);
    for (int k = 0; k < rho.length; k++) {
      largest = Math.max(largest, similarity.cosine(label, k));
    }
    double sum = 0;
    for (int k = 0; k < rho.length; k++) {
      rho[k] = Math.exp((similarity.cosine(label, k) - largest) / temperature);
      sum += rho[k];
    }
    for (int k = 0; k < rho.length; k++) {
      rho[k] /= sum;
    }
  }
}
