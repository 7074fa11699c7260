package io.retort.distill.targets;

/** How alike classes are to a network: the cosines between their weights in its last layer. */
public final class ClassSimilarity {

  private final double[][] cosines;

  private ClassSimilarity(double[][] cosines) {
    this.cosines = cosines;
  }

  /**
   * The cosines of all pairs. A row of zeros has the cosine 0 with every row.
   *
   * @param weights of the last layer, row-major [classes, features]
   * @throws IllegalArgumentException if there are no classes, or the weights are no such matrix
   */
  public static ClassSimilarity of(float[] weights, int classes) {
    if (classes < 1 || weights.length == 0 || weights.length % classes != 0) {
      throw new IllegalArgumentException(
          "weights must be [%d, features], got %d values".formatted(classes, weights.length));
    }
    double[][] cosines = new double[classes][classes];
    for (int i = 0; i < classes; i++) {
      for (int j = 0; j < classes; j++) {
        double norms = Math.sqrt(product(weights, classes, i, i) * product(weights, classes, j, j));
        cosines[i][j] = norms == 0 ? 0 : product(weights, classes, i, j) / norms;
      }
    }
    return new ClassSimilarity(cosines);
  }

  private static double product(float[] weights, int classes, int i, int j) {
    int features = weights.length / classes;
    double sum = 0;
    for (int f = 0; f < features; f++) {
      sum += (double) weights[i * features + f] * weights[j * features + f];
    }
    return sum;
  }

  /** How many classes there are. */
  public int classes() {
    return cosines.length;
  }

  /** The cosine between two classes, in [-1, 1] but for rounding. */
  public double cosine(int i, int j) {
    return cosines[i][j];
  }

  /**
   * The class most like another one.
   *
   * @return the class itself where it is the only one
   */
  public int mostLike(int label) {
    return furthest(label, 1);
  }

  /** The class least like another one; the class itself where it is the only one. */
  public int leastLike(int label) {
    return furthest(label, -1);
  }

  private int furthest(int label, int sign) {
    int best = label;
    for (int k = 0; k < classes(); k++) {
      boolean better = best == label || sign * cosines[label][k] > sign * cosines[label][best];
      if (k != label && better) {
        best = k;
      }
    }
    return best;
  }
}
