package io.retort.distill;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How values lie.
 *
 * @param mean their mean
 * @param deviation their sample standard deviation; 0 for a single value
 */
public record Spread(double mean, double deviation) {

  /**
   * The spread of values.
   *
   * @param values at least one
   */
  public static Spread of(double... values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return new Spread(mean, values.length == 1 ? 0 : Math.sqrt(squares / (values.length - 1)));
  }

  /**
   * The spread of how far values lie above others, each above the one of its place.
   *
   * @param values at least one
   * @param others as many
   */
  public static Spread ofDifferences(double[] values, double[] others) {
    return of(IntStream.range(0, values.length).mapToDouble(i -> values[i] - others[i]).toArray());
  }
}
