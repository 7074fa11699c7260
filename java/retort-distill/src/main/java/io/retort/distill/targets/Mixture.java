package io.retort.distill.targets;

import io.retort.distill.check.Require;

/**
 * What the teacher says of the example together with what it knows of the classes.
 *
 * <pre>
 *   rho = (1 - share) * rho of {@link KdPt} + share * rho of {@link KdSim}
 * </pre>
 *
 * @param share weight of the class similarities, in [0, 1]
 * @param temperature T_sim of the class similarities, finite and above 0
 */
public record Mixture(double share, double temperature) implements TargetTransform {

  /**
   * Checks both values.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public Mixture {
    Require.within("share", share, 0, 1);
    Require.positive("temperature", temperature);
  }

  @Override
  public void transform(TeacherKnowledge teacher, int example, double[] rho) {
    double[] ofClasses = new double[rho.length];
    new KdSim(temperature).transform(teacher, example, ofClasses);
    new KdPt().transform(teacher, example, rho);
    for (int k = 0; k < rho.length; k++) {
      rho[k] = (1 - share) * rho[k] + share * ofClasses[k];
    }
  }
}
