package io.retort.distill.multiview;

import io.retort.distill.check.Require;
import java.util.random.RandomGenerator;

/**
 * Numbers that are drawn evenly between two ends.
 *
 * @param least the lower end, finite, at least 0
 * @param most the upper end, at least {@code least}
 */
public record Range(double least, double most) {

  /**
   * Checks both ends.
   *
   * @throws IllegalArgumentException naming the end that is wrong
   */
  public Range {
    Require.notNegative("least", least);
    Require.notNegative("most", most);
    if (most < least) {
      throw new IllegalArgumentException("most must be at least " + least + ", got " + most);
    }
  }

  double draw(RandomGenerator random) {
    return least + (most - least) * random.nextDouble();
  }
}
