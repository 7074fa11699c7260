package io.retort.nn;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/** How a parameter's first values are drawn. */
@FunctionalInterface
public interface Initialization {
  /** Fills {@code values}, taking what is random from {@code random}. */
  void fill(float[] values, RandomGenerator random);

  /** All values the same. */
  static Initialization constant(float value) {
    return (values, random) -> Arrays.fill(values, value);
  }

  /**
   * Normal with variance {@code 2 / fanIn}, for weights before a ReLU (He et al., "Delving Deep
   * into Rectifiers", 2015).
   */
  static Initialization heNormal(long fanIn) {
    return normal(Math.sqrt(2.0 / fanIn));
  }

  /**
   * Normal with variance {@code 1 / fanIn}, for weights before no ReLU (LeCun et al., "Efficient
   * BackProp", 1998).
   */
  static Initialization lecunNormal(long fanIn) {
    return normal(Math.sqrt(1.0 / fanIn));
  }

  private static Initialization normal(double deviation) {
    return (values, random) -> {
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (deviation * random.nextGaussian());
      }
    };
  }
}
