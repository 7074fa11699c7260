package io.retort.distill.multiview;

import java.util.List;

/** The outputs of networks on samples, [networks, samples, classes]. */
final class Outputs {

  private final int samples;
  private final int classes;
  private final float[][] values;

  Outputs(int networks, int samples, int classes) {
    this.samples = samples;
    this.classes = classes;
    this.values = new float[networks][samples * classes];
  }

  /** Outputs of neighbouring samples from {@code first} on, all networks'. */
  void put(int first, float[] outputs) {
    int size = outputs.length / values.length;
    for (int n = 0; n < values.length; n++) {
      System.arraycopy(outputs, n * size, values[n], first * classes, size);
    }
  }

  int classes() {
    return classes;
  }

  int samples() {
    return samples;
  }

  /** [samples, classes] of one network. */
  float[] of(int network) {
    return values[network];
  }

  /** [samples, classes], the mean of some networks. */
  float[] mean(List<Integer> networks) {
    float[] mean = new float[samples * classes];
    for (int network : networks) {
      for (int i = 0; i < mean.length; i++) {
        mean[i] += values[network][i] / networks.size();
      }
    }
    return mean;
  }
}
