package io.retort.distill.transfer;

/**
 * The logits of one example, and their softmax in double precision.
 *
 * @param logits row-major [examples, classes]
 * @param example counted from 0
 */
record LogitRow(float[] logits, int example, int classes) {

  double logit(int k) {
    return logits[example * classes + k];
  }

  /** The probability of a class at a temperature. */
  double probability(int k, double temperature) {
    return Math.exp(logProbability(k, temperature));
  }

  double logProbability(int k, double temperature) {
    return (logit(k) - largest()) / temperature - Math.log(sum(-1, temperature));
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
