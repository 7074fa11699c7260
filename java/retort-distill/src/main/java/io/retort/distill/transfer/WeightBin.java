package io.retort.distill.transfer;

import java.util.ArrayList;
import java.util.List;

/**
 * The {@link ExampleWeight}s of examples of which the teacher is about equally sure. Their mean
 * says little, for they have no lower bound.
 *
 * @param from the teacher's least probability of the label
 * @param to its most
 * @param examples how many
 * @param lowerQuartile of the weights
 * @param median of the weights
 * @param upperQuartile of the weights
 */
public record WeightBin(
    double from,
    double to,
    int examples,
    double lowerQuartile,
    double median,
    double upperQuartile) {

  private static final int BINS = 10;

  /**
   * Sorts examples into ten bins of equal width; those with none are left out.
   *
   * @param target the teacher's probability of the label, one an example
   * @param weights one an example; what is not finite is left out
   */
  public static List<WeightBin> of(float[] target, float[] weights) {
    List<List<Double>> sorted = new ArrayList<>();
    for (int b = 0; b < BINS; b++) {
      sorted.add(new ArrayList<>());
    }
    for (int i = 0; i < weights.length; i++) {
      if (Float.isFinite(weights[i])) {
        sorted.get(Math.min(BINS - 1, (int) (target[i] * BINS))).add((double) weights[i]);
      }
    }
    List<WeightBin> bins = new ArrayList<>();
    for (int b = 0; b < BINS; b++) {
      double[] values = sorted.get(b).stream().mapToDouble(Double::doubleValue).sorted().toArray();
      if (values.length > 0) {
        bins.add(
            new WeightBin(
                (double) b / BINS,
                (b + 1.0) / BINS,
                values.length,
                quantile(values, 0.25),
                quantile(values, 0.5),
                quantile(values, 0.75)));
      }
    }
    return bins;
  }

  /** Between the two values beside it, in proportion. */
  private static double quantile(double[] sorted, double share) {
    double place = share * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }
}
