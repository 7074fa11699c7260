package io.retort.distill.multiview;

import io.retort.nn.Device;
import io.retort.nn.SmoothedReluSumShape;
import io.retort.nn.Tensor;
import java.util.SplittableRandom;

/**
 * Networks of one kind side by side, so that a single matrix product is the forward pass of all of
 * them. Their weights are [networks * classes * neurons, dimension].
 */
final class SmoothedReluNetworks implements AutoCloseable {

  /** Floats of pre-activations that a prediction keeps at a time. */
  private static final long PREDICTION_CHUNK = 1L << 22;

  private final Device device;
  private final LearnerConfig config;
  private final int networks;
  private final int classes;
  private final int dimension;
  private final Tensor weights;

  private SmoothedReluNetworks(
      Device device, LearnerConfig config, int networks, int classes, int dimension) {
    this.device = device;
    this.config = config;
    this.networks = networks;
    this.classes = classes;
    this.dimension = dimension;
    this.weights = device.tensor((long) networks * classes * config.neurons(), dimension);
  }

  /** A network a seed, with its first weights. */
  static SmoothedReluNetworks initial(
      Device device, LearnerConfig config, int classes, int dimension, long... seeds) {
    SmoothedReluNetworks networks =
        new SmoothedReluNetworks(device, config, seeds.length, classes, dimension);
    for (int n = 0; n < seeds.length; n++) {
      SplittableRandom random = new SplittableRandom(seeds[n]);
      float[] values = new float[networks.networkSize()];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (config.initialDeviation() * random.nextGaussian());
      }
      networks.weights(n).upload(values);
    }
    return networks;
  }

  /** Networks with given weights. */
  static SmoothedReluNetworks of(
      Device device, LearnerConfig config, int classes, int dimension, float[] weights) {
    int size = classes * config.neurons() * dimension;
    SmoothedReluNetworks networks =
        new SmoothedReluNetworks(device, config, weights.length / size, classes, dimension);
    networks.weights.upload(weights);
    return networks;
  }

  Device device() {
    return device;
  }

  LearnerConfig config() {
    return config;
  }

  int count() {
    return networks;
  }

  int classes() {
    return classes;
  }

  int dimension() {
    return dimension;
  }

  /** Neurons of all networks. */
  int columns() {
    return networks * classes * config.neurons();
  }

  private int networkSize() {
    return classes * config.neurons() * dimension;
  }

  /** The weights of all networks. */
  Tensor weights() {
    return weights;
  }

  /** The weights of one network, as a view. */
  Tensor weights(int network) {
    return weights.view((long) network * networkSize(), networkSize());
  }

  /** What the operation after the matrix product has to know. */
  SmoothedReluSumShape shape(long samples, int patches) {
    return new SmoothedReluSumShape(
        samples,
        patches,
        networks,
        classes,
        config.neurons(),
        config.degree(),
        (float) config.threshold());
  }

  /**
   * The outputs of all networks.
   *
   * @param patches [samples * patches, dimension]
   * @param preActivations [samples * patches, columns], which is written
   * @param outputs [networks, samples, classes], which is written
   */
  void forward(SmoothedReluSumShape shape, Tensor patches, Tensor preActivations, Tensor outputs) {
    long rows = shape.samples() * shape.patches();
    device.matrixProduct(
        false, true, rows, columns(), dimension, patches, weights, false, preActivations);
    device.smoothedReluSumForward(shape, preActivations, outputs);
  }

  /** The outputs of all networks on samples, a few samples at a time. */
  Outputs predict(Samples samples) {
    int most = (int) Math.max(1, PREDICTION_CHUNK / ((long) samples.patches() * columns()));
    Outputs result = new Outputs(networks, samples.count(), classes);
    for (int first = 0; first < samples.count(); first += most) {
      int count = Math.min(most, samples.count() - first);
      long rows = (long) count * samples.patches();
      try (Tensor patches = device.tensor(rows, dimension);
          Tensor preActivations = device.tensor(rows, columns());
          Tensor outputs = device.tensor(networks, count, classes)) {
        patches.upload(samples.values(first, count));
        forward(shape(count, samples.patches()), patches, preActivations, outputs);
        result.put(first, outputs.download());
      }
    }
    return result;
  }

  @Override
  public void close() {
    weights.close();
  }
}
