package io.retort.nn;

import java.util.SplittableRandom;

/** Arrays of random numbers, the same for the same seed. */
final class RandomArrays {
  private RandomArrays() {}

  /** Standard normal. */
  static float[] normal(long size, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[Math.toIntExact(size)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Uniform in [-1, 1). */
  static float[] uniform(long size, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[Math.toIntExact(size)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }

  /** A shuffle of values that differ by {@code gap} and are {@code gap / 2} from 0: no ties. */
  static float[] separated(long size, double gap, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[Math.toIntExact(size)];
    for (int i = 0; i < values.length; i++) {
      int j = random.nextInt(i + 1);
      values[i] = values[j];
      values[j] = (float) (gap * (i - values.length / 2 + 0.5));
    }
    return values;
  }

  static double dot(float[] x, float[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (double) x[i] * y[i];
    }
    return sum;
  }
}
