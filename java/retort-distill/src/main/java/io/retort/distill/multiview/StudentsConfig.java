package io.retort.distill.multiview;

import io.retort.distill.check.Require;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * How networks learn from others. Every method has the same seeds and as many steps, and so has the
 * control, which learns from the labels alone.
 *
 * @param count students of each method, at least 1
 * @param steps steps of each
 * @param temperatures temperatures of soft targets, numbers above 0 with commas between them
 * @param squaredErrorStep what a step along F - G, the difference of the outputs, is multiplied by
 * @param oneSided the distillation of the paper's theorems
 */
public record StudentsConfig(
    int count, int steps, String temperatures, double squaredErrorStep, OneSidedConfig oneSided) {

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public StudentsConfig {
    Require.atLeast("count", count, 1);
    Require.atLeast("steps", steps, 1);
    Objects.requireNonNull(temperatures, "temperatures");
    parse(temperatures).forEach(t -> Require.positive("temperatures", t));
    Require.positive("squaredErrorStep", squaredErrorStep);
    Objects.requireNonNull(oneSided, "oneSided");
  }

  /** The temperatures as numbers. */
  public List<Double> temperatureList() {
    return parse(temperatures);
  }

  private static List<Double> parse(String temperatures) {
    try {
      return Arrays.stream(temperatures.split(",", -1))
          .map(String::strip)
          .map(Double::valueOf)
          .toList();
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "temperatures must be numbers with commas between them, got " + temperatures, e);
    }
  }
}
