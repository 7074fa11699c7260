package io.retort.distill.multiview;

import java.util.random.RandomGenerator;

/** Draws samples of a mixture of Gaussians, a patch each. */
final class MixtureGenerator {

  private final MixtureConfig config;
  private final int classes;
  private final float[][] means;

  /** Draws the means, unit vectors in directions of their own. */
  MixtureGenerator(MixtureConfig config, int classes, RandomGenerator random) {
    this.config = config;
    this.classes = classes;
    this.means = new float[classes * config.components()][];
    for (int i = 0; i < means.length; i++) {
      means[i] = unitVector(random);
    }
  }

  private float[] unitVector(RandomGenerator random) {
    float[] vector = new float[config.dimension()];
    double squares = 0;
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) random.nextGaussian();
      squares += (double) vector[i] * vector[i];
    }
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= (float) Math.sqrt(squares);
    }
    return vector;
  }

  Samples draw(int count, RandomGenerator random) {
    int dimension = config.dimension();
    float[] values = new float[count * dimension];
    int[] labels = new int[count];
    int[] missing = new int[count];
    double deviation = config.noise() / Math.sqrt(dimension);
    for (int sample = 0; sample < count; sample++) {
      int mean = random.nextInt(means.length);
      labels[sample] = mean % classes;
      missing[sample] = -1;
      for (int i = 0; i < dimension; i++) {
        values[sample * dimension + i] =
            (float) (means[mean][i] + deviation * random.nextGaussian());
      }
    }
    return new Samples(1, dimension, values, labels, missing, new float[0]);
  }
}
