package io.retort.distill;

import java.util.Arrays;

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
}
