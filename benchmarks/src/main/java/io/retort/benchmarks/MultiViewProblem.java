package io.retort.benchmarks;

import java.util.SplittableRandom;

/**
 * What every provider takes steps on: the networks of the multi-view theory (Allen-Zhu and Li,
 * 2020), full-batch gradient descent on the cross-entropy with the labels. {@code retort/network.h}
 * has the formulas.
 *
 * @param networks networks that train side by side
 * @param samples samples of a step
 * @param patches patches of a sample
 * @param dimension size of a patch
 * @param threads threads a provider may use
 */
public record MultiViewProblem(int networks, int samples, int patches, int dimension, int threads) {
  /** Classes, each with {@link #NEURONS} neurons. */
  public static final int CLASSES = 10;

  /** Neurons of a class. */
  public static final int NEURONS = 5;

  /** Degree q of the smoothed ReLU. */
  public static final int DEGREE = 4;

  /** Where its slope reaches 1. */
  public static final float THRESHOLD = 1;

  /** The learning rate. */
  public static final float LEARNING_RATE = 5;

  /** More than in the experiment, whose first steps hardly move the loss: none could be checked. */
  private static final double INITIAL_DEVIATION = 0.3;

  private static final double NOISE_LENGTH = 1.5;

  /** Neurons of a network. */
  public int neuronsOfNetwork() {
    return CLASSES * NEURONS;
  }

  /** Normal noise and a unit along a sample's label in its first patch. */
  public float[] values() {
    float[] values = normal(1, samples * patches * dimension, NOISE_LENGTH / Math.sqrt(dimension));
    int[] labels = labels();
    for (int sample = 0; sample < samples; sample++) {
      values[sample * patches * dimension + labels[sample]] += 1;
    }
    return values;
  }

  /** One label a sample. */
  public int[] labels() {
    return new SplittableRandom(2).ints(samples, 0, CLASSES).toArray();
  }

  /** The first weights [networks, classes * neurons, dimension]. */
  public float[] weights() {
    return normal(3, networks * neuronsOfNetwork() * dimension, INITIAL_DEVIATION);
  }

  /** Floating point operations of the two matrix products of a step. */
  public double operations() {
    return 4.0 * samples * patches * dimension * networks * neuronsOfNetwork();
  }

  private static float[] normal(long seed, int size, double deviation) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return values;
  }
}
