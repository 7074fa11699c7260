package io.retort.distill.targets;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/**
 * Makes the soft targets rho of a student from what a teacher says, so that they keep some of its
 * knowledge and drop the rest. Every rho is a distribution: at least 0, with the sum 1.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = KdPt.class, name = "kd-pt"),
  @JsonSubTypes.Type(value = KdSim.class, name = "kd-sim"),
  @JsonSubTypes.Type(value = KdTopK.class, name = "kd-topk"),
  @JsonSubTypes.Type(value = Mixture.class, name = "mixture")
})
public sealed interface TargetTransform permits KdPt, KdSim, KdTopK, Mixture {

  /**
   * Makes the targets of one example.
   *
   * @param example counted from 0
   * @param rho receives the targets, one a class
   */
  void transform(TeacherKnowledge teacher, int example, double[] rho);

  /**
   * Makes the targets of all examples.
   *
   * @return row-major [examples, classes]
   */
  default float[] transform(TeacherKnowledge teacher) {
    int classes = teacher.classes();
    float[] targets = new float[teacher.probabilities().length];
    double[] rho = new double[classes];
    for (int example = 0; example < teacher.examples(); example++) {
      transform(teacher, example, rho);
      for (int k = 0; k < classes; k++) {
        targets[example * classes + k] = (float) rho[k];
      }
    }
    return targets;
  }
}
