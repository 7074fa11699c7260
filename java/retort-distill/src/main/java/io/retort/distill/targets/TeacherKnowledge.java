package io.retort.distill.targets;

import java.util.Objects;

/**
 * What targets are made from; none of it is copied.
 *
 * @param probabilities of the teacher at the temperature of the distillation, row-major [examples,
 *     classes]
 * @param labels one an example, in [0, classes)
 * @param similarity how alike the classes are to the teacher, see {@link ClassSimilarity}
 */
public record TeacherKnowledge(float[] probabilities, int[] labels, ClassSimilarity similarity) {

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if they do not fit, or a label is no class
   */
  public TeacherKnowledge {
    Objects.requireNonNull(probabilities, "probabilities");
    Objects.requireNonNull(labels, "labels");
    Objects.requireNonNull(similarity, "similarity");
    int classes = similarity.classes();
    if (probabilities.length != (long) labels.length * classes) {
      throw new IllegalArgumentException(
          "probabilities must number %d times %d, got %d"
              .formatted(labels.length, classes, probabilities.length));
    }
    for (int label : labels) {
      if (label < 0 || label >= classes) {
        throw new IllegalArgumentException(
            "labels must lie in [0, %d), got %d".formatted(classes, label));
      }
    }
  }

  /** How many classes there are. */
  public int classes() {
    return similarity.classes();
  }

  /** How many examples there are. */
  public int examples() {
    return labels.length;
  }

  /** The teacher's probability of a class. */
  double probability(int example, int k) {
    return probabilities[example * classes() + k];
  }
}
