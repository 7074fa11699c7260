package io.retort.distill;

import java.util.ArrayList;
import java.util.List;

/**
 * How good a model's predictions on a test set are.
 *
 * @param examples how many examples were predicted
 * @param accuracy fraction whose largest logit is the label's
 * @param negativeLogLikelihood mean of -log p(label), in nats
 * @param expectedCalibrationError mean gap between confidence and accuracy over the bins, weighted
 *     by their examples (Naeini et al. 2015; Guo et al. 2017, "On Calibration of Modern Neural
 *     Networks")
 * @param reliability the bins of the reliability diagram, by rising confidence
 */
public record Metrics(
    int examples,
    double accuracy,
    double negativeLogLikelihood,
    double expectedCalibrationError,
    List<Bin> reliability) {

  /** The number of bins of equal width that Guo et al. use. */
  public static final int BINS = 15;

  /**
   * The examples whose confidence falls into (lower, upper].
   *
   * @param lower least confidence
   * @param upper most confidence
   * @param examples how many there are
   * @param confidence their mean confidence; 0 if there are none
   * @param accuracy the fraction of them predicted right; 0 if there are none
   */
  public record Bin(double lower, double upper, int examples, double confidence, double accuracy) {}

  /** Copies the list of bins. */
  public Metrics {
    reliability = List.copyOf(reliability);
  }

  /**
   * Measures predictions.
   *
   * @param logits row-major [labels.length, classes]
   * @param labels one a row, in [0, classes)
   * @throws IllegalArgumentException if there are no labels or the sizes do not match
   */
  public static Metrics of(float[] logits, int[] labels, int classes) {
    if (labels.length == 0 || logits.length != (long) labels.length * classes) {
      throw new IllegalArgumentException(
          logits.length
              + " logits do not fit "
              + labels.length
              + " labels of "
              + classes
              + " classes");
    }
    int[] count = new int[BINS];
    int[] right = new int[BINS];
    double[] confidence = new double[BINS];
    double lossSum = 0;
    int rightSum = 0;
    for (int row = 0; row < labels.length; row++) {
      int predicted = argmax(logits, row, classes);
      double logSum = logSumExp(logits, row, classes);
      double probability = Math.exp(logits[row * classes + predicted] - logSum);
      lossSum += logSum - logits[row * classes + labels[row]];
      int bin = bin(probability);
      count[bin]++;
      confidence[bin] += probability;
      if (predicted == labels[row]) {
        right[bin]++;
        rightSum++;
      }
    }
    List<Bin> bins = bins(count, right, confidence);
    return new Metrics(
        labels.length,
        (double) rightSum / labels.length,
        lossSum / labels.length,
        calibrationError(bins, labels.length),
        bins);
  }

  /** The fraction of rows on which two models predict the same class. */
  public static double agreement(float[] logits, float[] others, int classes) {
    if (logits.length == 0 || logits.length != others.length || logits.length % classes != 0) {
      throw new IllegalArgumentException(
          logits.length
              + " and "
              + others.length
              + " logits of "
              + classes
              + " classes cannot be compared");
    }
    int rows = logits.length / classes;
    int same = 0;
    for (int row = 0; row < rows; row++) {
      if (argmax(logits, row, classes) == argmax(others, row, classes)) {
        same++;
      }
    }
    return (double) same / rows;
  }

  /** How many of the first {@code labels.length} rows have the label's logit largest. */
  static int correct(float[] logits, int[] labels, int rows, int classes) {
    int right = 0;
    for (int row = 0; row < rows; row++) {
      if (argmax(logits, row, classes) == labels[row]) {
        right++;
      }
    }
    return right;
  }

  private static int argmax(float[] logits, int row, int classes) {
    int best = 0;
    for (int c = 1; c < classes; c++) {
      if (logits[row * classes + c] > logits[row * classes + best]) {
        best = c;
      }
    }
    return best;
  }

  private static double logSumExp(float[] logits, int row, int classes) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      largest = Math.max(largest, logits[row * classes + c]);
    }
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += Math.exp(logits[row * classes + c] - largest);
    }
    return largest + Math.log(sum);
  }

  private static int bin(double probability) {
    return Math.max(0, Math.min(BINS - 1, (int) Math.ceil(probability * BINS) - 1));
  }

  private static List<Bin> bins(int[] count, int[] right, double[] confidence) {
    List<Bin> bins = new ArrayList<>();
    for (int b = 0; b < BINS; b++) {
      int divisor = Math.max(1, count[b]);
      bins.add(
          new Bin(
              (double) b / BINS,
              (b + 1.0) / BINS,
              count[b],
              confidence[b] / divisor,
              (double) right[b] / divisor));
    }
    return bins;
  }

  private static double calibrationError(List<Bin> bins, int examples) {
    double error = 0;
    for (Bin bin : bins) {
      error += Math.abs(bin.accuracy() - bin.confidence()) * bin.examples() / examples;
    }
    return error;
  }
}
