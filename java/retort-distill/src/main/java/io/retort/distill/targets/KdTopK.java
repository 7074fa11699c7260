package io.retort.distill.targets;

import io.retort.distill.check.Require;

/**
 * Keeps the teacher's k largest probabilities and spreads the rest evenly over the other classes;
 * of equal ones the class with the lower number is kept.
 *
 * @param k how many are kept, at least 1; all where there are no more classes
 */
public record KdTopK(int k) implements TargetTransform {

  /**
   * Checks the number.
   *
   * @throws IllegalArgumentException if it is below 1
   */
  public KdTopK {
    Require.atLeast("k", k, 1);
  }

  @Override
  public void transform(TeacherKnowledge teacher, int example, double[] rho) {
    double rest = 0;
    for (int i = 0; i < rho.length; i++) {
      rho[i] = teacher.probability(example, i);
      rest += isKept(teacher, example, i) ? 0 : rho[i];
    }
    for (int i = 0; i < rho.length; i++) {
      if (!isKept(teacher, example, i)) {
        rho[i] = rest / (rho.length - k);
      }
    }
  }

  private boolean isKept(TeacherKnowledge teacher, int example, int i) {
    double own = teacher.probability(example, i);
    int before = 0;
    for (int j = 0; j < teacher.classes(); j++) {
      double other = teacher.probability(example, j);
      before += other > own || (other == own && j < i) ? 1 : 0;
    }
    return before < k;
  }
}
