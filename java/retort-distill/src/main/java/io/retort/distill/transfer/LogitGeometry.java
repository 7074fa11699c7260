package io.retort.distill.transfer;

import io.retort.distill.targets.ClassSimilarity;
import java.util.ArrayList;
import java.util.List;

/**
 * How far a network's logits of other classes lie below that of the label, its gaps, against how
 * likely the teacher finds those classes (Proposition 2 of Tang et al.): distillation keeps similar
 * classes close, and label smoothing pushes all away alike.
 *
 * @param similarGap mean gap to the class that the teacher's weights hold most like the label
 * @param dissimilarGap mean gap to the class that they hold least like it
 * @param slope of the gaps over -log p_k, p being the teacher's probabilities at the temperature,
 *     by least squares; 0 where all p are equal
 * @param correlation of the same, in [-1, 1]; 0 where either side does not vary
 * @param bins mean gaps over -log p_k, by rising -log p_k; those with no pair are left out
 */
public record LogitGeometry(
    double similarGap, double dissimilarGap, double slope, double correlation, List<Bin> bins) {

  /** How wide a bin is, in nats. */
  public static final double BIN_WIDTH = 1;

  private static final int MOST_BINS = 16;

  /**
   * Pairs of an example and another class than its label, with -log p_k in [lower, lower + {@link
   * #BIN_WIDTH}); the last bin has what lies beyond as well.
   *
   * @param pairs how many
   * @param gap their mean gap
   */
  public record Bin(double lower, int pairs, double gap) {}

  /** Copies the list. */
  public LogitGeometry {
    bins = List.copyOf(bins);
  }

  /**
   * The logits at which every example's loss is least at temperature 1, where the student has q =
   * (1 - alpha) onehot(t) + alpha p. Their gaps are log((1 - alpha + alpha p_t) / (alpha p_k)).
   *
   * @param alpha weight of the soft targets, in (0, 1]
   * @param teacher its logits, row-major [labels.length, classes]
   * @param labels one an example
   * @return row-major [labels.length, classes]
   * @throws IllegalArgumentException if the sizes do not fit
   */
  public static float[] optimalLogits(double alpha, float[] teacher, int[] labels, int classes) {
    LogitRow.check("teacher", teacher, labels, classes);
    float[] optimum = new float[teacher.length];
    for (int i = 0; i < labels.length; i++) {
      LogitRow taught = new LogitRow(teacher, i, classes);
      double logSum = taught.logSum(1);
      for (int k = 0; k < classes; k++) {
        double soft = Math.log(alpha) + taught.logit(k) - logSum;
        optimum[i * classes + k] =
            (float) (k == labels[i] ? Math.log(1 - alpha + Math.exp(soft)) : soft);
      }
    }
    return optimum;
  }

  /**
   * Measures gaps.
   *
   * @param logits of the network, row-major [labels.length, classes]
   * @param teacher the teacher's, the same
   * @param labels one an example
   * @param similarity of the teacher's classes, at least two
   * @param temperature by which the teacher's logits are divided
   * @throws IllegalArgumentException if the sizes do not fit, or there are no gaps
   */
  public static LogitGeometry of(
      float[] logits,
      float[] teacher,
      int[] labels,
      ClassSimilarity similarity,
      double temperature) {
    int classes = similarity.classes();
    if (classes < 2 || labels.length == 0) {
      throw new IllegalArgumentException(
          "gaps need examples and two classes, got %d and %d".formatted(labels.length, classes));
    }
    LogitRow.check("logits", logits, labels, classes);
    LogitRow.check("teacher", teacher, labels, classes);
    double similar = 0;
    double dissimilar = 0;
    Pairs pairs = new Pairs();
    for (int i = 0; i < labels.length; i++) {
      int label = labels[i];
      LogitRow row = new LogitRow(logits, i, classes);
      LogitRow taught = new LogitRow(teacher, i, classes);
      similar += row.logit(label) - row.logit(similarity.mostLike(label));
      dissimilar += row.logit(label) - row.logit(similarity.leastLike(label));
      double logSum = taught.logSum(temperature);
      for (int k = 0; k < classes; k++) {
        if (k != label) {
          pairs.add(logSum - taught.logit(k) / temperature, row.logit(label) - row.logit(k));
        }
      }
    }
    return new LogitGeometry(
        similar / labels.length,
        dissimilar / labels.length,
        pairs.slope(),
        pairs.correlation(),
        pairs.bins());
  }

  /** Running sums over pairs (x, gap). */
  private static final class Pairs {
    private final int[] counts = new int[MOST_BINS];
    private final double[] gaps = new double[MOST_BINS];
    private int count;
    private double x;
    private double gap;
    private double squareX;
    private double squareGap;
    private double product;

    /** By Welford's update, which stays exact where the values lie close to each other. */
    void add(double newX, double newGap) {
      count++;
      double fromX = newX - x;
      double fromGap = newGap - gap;
      x += fromX / count;
      gap += fromGap / count;
      squareX += fromX * (newX - x);
      squareGap += fromGap * (newGap - gap);
      product += fromX * (newGap - gap);
      int bin = (int) Math.max(0, Math.min(MOST_BINS - 1, newX / BIN_WIDTH));
      counts[bin]++;
      gaps[bin] += newGap;
    }

    double slope() {
      return squareX == 0 ? 0 : product / squareX;
    }

    double correlation() {
      double norm = Math.sqrt(squareX) * Math.sqrt(squareGap);
      return norm == 0 ? 0 : product / norm;
    }

    List<Bin> bins() {
      List<Bin> bins = new ArrayList<>();
      for (int b = 0; b < MOST_BINS; b++) {
        if (counts[b] > 0) {
          bins.add(new Bin(b * BIN_WIDTH, counts[b], gaps[b] / counts[b]));
        }
      }
      return bins;
    }
  }
}
