package io.retort.benchmarks;

import java.util.SplittableRandom;

/**
 * A batch that every provider takes training steps on: cross-entropy of the network's logits with
 * the labels, then stochastic gradient descent with momentum.
 *
 * @param network which network
 * @param batch images
 * @param threads threads a provider may use
 */
public record TrainingProblem(TrainingNetwork network, int batch, int threads) {
  /** The learning rate; large, so that a wrong gradient shows in the next loss. */
  public static final float LEARNING_RATE = 0.1f;

  /** The momentum. */
  public static final float MOMENTUM = 0.9f;

  /** Normal pixels [batch, height, width, channels]. */
  public float[] images() {
    SplittableRandom random = new SplittableRandom(1);
    float[] values = new float[Math.toIntExact(batch * network.input().size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** One label an image. */
  public int[] labels() {
    SplittableRandom random = new SplittableRandom(2);
    return random.ints(batch, 0, TrainingNetwork.CLASSES).toArray();
  }
}
