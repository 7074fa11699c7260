package io.retort.nn;

import java.util.function.DoubleUnaryOperator;

/** How the learning rate changes from step to step. */
@FunctionalInterface
public interface Schedule {
  /**
   * The learning rate of one step.
   *
   * @param step from 0 to {@code steps - 1}
   * @param steps of the whole training, at least 1
   */
  float at(long step, long steps);

  /** The same rate throughout. */
  static Schedule constant(float learningRate) {
    Arguments.positive("learningRate", learningRate);
    return (step, steps) -> {
      check(step, steps);
      return learningRate;
    };
  }

  /**
   * A rate that is multiplied by {@code factor} at each of some points.
   *
   * @param learningRate the first rate, above 0
   * @param factor finite, above 0
   * @param fractions the points as fractions of the steps, each in [0, 1)
   */
  static Schedule step(float learningRate, float factor, double... fractions) {
    Arguments.positive("learningRate", learningRate);
    Arguments.positive("factor", factor);
    double[] points = Arguments.notNull("fractions", fractions).clone();
    for (double point : points) {
      Arguments.fraction("fractions", point);
    }
    return (step, steps) -> {
      check(step, steps);
      double rate = learningRate;
      for (double point : points) {
        rate *= step >= point * steps ? factor : 1;
      }
      return (float) rate;
    };
  }

  /**
   * Half a cosine from {@code learningRate} down towards 0 (Loshchilov and Hutter 2017), after a
   * straight rise to it.
   *
   * @param learningRate the peak, above 0
   * @param warmup fraction of the steps in which the rate rises, in [0, 1)
   */
  static Schedule cosine(float learningRate, double warmup) {
    return riseAndFall(learningRate, warmup, left -> 0.5 * (1 - Math.cos(Math.PI * left)));
  }

  /**
   * Up to {@code learningRate} and down towards 0 in straight lines (after Smith and Topin 2019).
   *
   * @param learningRate the peak, above 0
   * @param warmup fraction of the steps in which the rate rises, in [0, 1)
   */
  static Schedule oneCycle(float learningRate, double warmup) {
    return riseAndFall(learningRate, warmup, left -> left);
  }

  /**
   * {@code fall} maps the share of the falling steps that is left, in (0, 1], to that of the peak.
   */
  private static Schedule riseAndFall(float peak, double warmup, DoubleUnaryOperator fall) {
    Arguments.positive("learningRate", peak);
    Arguments.fraction("warmup", warmup);
    return (step, steps) -> {
      check(step, steps);
      long top = (long) (warmup * steps);
      double share =
          step < top
              ? (step + 1.0) / (top + 1)
              : fall.applyAsDouble((double) (steps - step) / (steps - top));
      return (float) (peak * share);
    };
  }

  private static void check(long step, long steps) {
    if (steps < 1 || step < 0 || step >= steps) {
      throw new IllegalArgumentException(
          "step must be 0 to steps - 1, got " + step + " of " + steps);
    }
  }
}
