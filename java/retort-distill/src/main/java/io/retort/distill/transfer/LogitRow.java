package io.retort.distill.transfer;

/**
 * The logits of one example, and their softmax in double precision.
 *
 * @param logits row-major [examples, classes]
 * @param example counted from 0
 */
record LogitRow(float[] logits, int example, int classes) {

  /**
   * Refuses logits that are not [labels.length, classes].
   *
   * @throws IllegalArgumentException naming them
   */
  static void check(String name, float[] logits, int[] labels, int classes) {
    if (logits.length != (long) labels.length * classes) {
      throw new IllegalArgumentException(
          "%s must have %d times %d logits, got %d"
              .formatted(name, labels.length, classes, logits.length));
    }
  }

  double logit(int k) {
    return logits[example * classes + k];
  }

  /** The logarithm of the sum of exp(z / temperature), what log-probabilities lie below z by. */
  double logSum(double temperature) {
    return largest() / temperature + Math.log(sum(-1, temperature));
  }

  /** The probability of a class at a temperature. */
  double probability(int k, double temperature) {
    return Math.exp(logit(k) / temperature - logSum(temperature));
  }

  /** One less the probability of a class, as exact where that is all but one. */
  double complement(int k, double temperature) {
    return sum(k, temperature) / sum(-1, temperature);
  }

  /** The sum of the exponentials of all classes but one. */
  private double sum(int left, double temperature) {
    double largest = largest();
    double sum = 0;
    for (int k = 0; k < classes; k++) {
      sum += k == left ? 0 : Math.exp((logit(k) - largest) / temperature);
    }
    return sum;
  }

  private double largest() {
    double largest = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < classes; k++) {
      largest = Math.max(largest, logit(k));
    }
    return largest;
  }
}
