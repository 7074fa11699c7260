package io.retort.distill.multiview;

import io.retort.nn.Device;
import io.retort.nn.SmoothedReluSumShape;
import io.retort.nn.Tensor;

/**
 * The network of {@link LearnerConfig}, linearised at its first weights w0 (Jacot, Gabriel and
 * Hongler 2018, "Neural Tangent Kernel"; section 1 of Allen-Zhu and Li sets their explanation
 * against it):
 *
 * <pre>
 *   F(i, X) = F0(i, X) + g(i, X) . dw(i)
 *   g(i, X) = gradient of F0(i, X) on the weights of class i
 *           = for each neuron r: sum over patches p of smoothed_relu'(w0(i, r) . x(p)) x(p)
 * </pre>
 *
 * <p>Gradient descent on dw from 0 never leaves what the training samples' gradients span, so that
 * a coefficient a sample and class says all of it:
 *
 * <pre>
 *   dw(i) = sum over samples n of c(i, n) g(i, X(n))
 *   F(i, X(n)) = F0(i, X(n)) + sum over n' of K(i)[n, n'] c(i, n'),  K(i)[n, n'] = g(i, X(n)) . g(i, X(n'))
 *   a step: c(i, n) -= rate * dL / dF(i, X(n))
 * </pre>
 *
 * <p>That is the same descent, step by step, and not an approximation of it; it takes samples^2
 * products a class and step in place of samples * patches * neurons * dimension.
 */
final class TangentModel implements FixedFeatureModel {

  private static final int SAMPLES_AT_A_TIME = 100;

  private final Device device;
  private final int classes;
  private final Samples train;
  private final SmoothedReluNetworks network;
  private final float rate;
  private final Tensor initialOutputs;
  private final Tensor kernels;
  private final Tensor identity;
  private final Tensor coefficients;
  private final Tensor outputsByClass;
  private final Tensor gradientsByClass;

  TangentModel(
      Device device,
      TangentConfig config,
      LearnerConfig learner,
      int classes,
      Samples train,
      long seed) {
    this.device = device;
    this.classes = classes;
    this.train = train;
    network = SmoothedReluNetworks.initial(device, learner, classes, train.dimension(), seed);
    int samples = train.count();
    initialOutputs = device.tensor(samples, classes);
    initialOutputs.upload(network.predict(train).of(0));
    coefficients = device.tensor(classes, samples);
    outputsByClass = device.tensor(classes, samples);
    gradientsByClass = device.tensor(classes, samples);
    identity = device.tensor(classes, classes);
    identity.upload(identity(classes));
    kernels = device.tensor(classes, samples, samples);
    computeKernels();
    rate = (float) (config.learningRate() / meanOfDiagonals());
  }

  private static float[] identity(int size) {
    float[] identity = new float[size * size];
    for (int i = 0; i < size; i++) {
      identity[i * size + i] = 1;
    }
    return identity;
  }

  private void computeKernels() {
    int samples = train.count();
    int dimension = train.dimension();
    float[] slopes = slopes(train.values(), samples);
    try (Tensor gradients = device.tensor(samples, dimension)) {
      for (int column = 0; column < network.columns(); column++) {
        gradients.upload(gradients(slopes, column));
        boolean isFirstNeuron = column % network.config().neurons() == 0;
        device.matrixProduct(
            false,
            true,
            samples,
            samples,
            dimension,
            gradients,
            gradients,
            !isFirstNeuron,
            kernel(column / network.config().neurons()));
      }
    }
  }

  private Tensor kernel(int label) {
    long samples = train.count();
    return kernels.view(label * samples * samples, samples, samples);
  }

  /** The slope of the ReLU at every patch and neuron, [samples * patches, columns]. */
  private float[] slopes(float[] values, int samples) {
    SmoothedReluSumShape shape = network.shape(samples, train.patches());
    long rows = shape.samples() * shape.patches();
    try (Tensor patches = device.tensor(rows, train.dimension());
        Tensor preActivations = device.tensor(rows, network.columns());
        Tensor outputs = device.tensor(1, samples, classes)) {
      patches.upload(values);
      network.forward(shape, patches, preActivations, outputs);
      outputs.fill(1);
      device.smoothedReluSumBackward(shape, preActivations, outputs, preActivations);
      return preActivations.download();
    }
  }

  /** The gradient of each training sample's output on the weights of one neuron. */
  private float[] gradients(float[] slopes, int column) {
    int dimension = train.dimension();
    float[] values = train.values();
    float[] gradients = new float[train.count() * dimension];
    for (int row = 0; row < train.count() * train.patches(); row++) {
      float slope = slopes[row * network.columns() + column];
      if (slope != 0) {
        int sample = row / train.patches() * dimension;
        int patch = row * dimension;
        for (int i = 0; i < dimension; i++) {
          gradients[sample + i] += slope * values[patch + i];
        }
      }
    }
    return gradients;
  }

  private double meanOfDiagonals() {
    int samples = train.count();
    float[] values = kernels.download();
    double sum = 0;
    for (int i = 0; i < classes * samples; i++) {
      sum += values[i * samples + i % samples];
    }
    return Math.max(sum / (classes * samples), Float.MIN_NORMAL);
  }

  @Override
  public void forward(Tensor outputs) {
    long samples = train.count();
    for (int label = 0; label < classes; label++) {
      device.matrixProduct(
          false,
          false,
          samples,
          1,
          samples,
          kernel(label),
          coefficients.view(label * samples, samples, 1),
          false,
          outputsByClass.view(label * samples, samples, 1));
    }
    device.matrixProduct(
        true, false, samples, classes, classes, outputsByClass, identity, false, outputs);
    device.linearCombination(1, outputs, 1, initialOutputs, outputs);
  }

  @Override
  public void descend(Tensor outputGradient) {
    long samples = train.count();
    device.matrixProduct(
        false, true, classes, samples, classes, identity, outputGradient, false, gradientsByClass);
    device.linearCombination(1, coefficients, -rate, gradientsByClass, coefficients);
  }

  /** dw, how far the weights have come, [columns, dimension]. */
  float[] displacement() {
    int samples = train.count();
    SmoothedReluSumShape shape = network.shape(samples, train.patches());
    long rows = shape.samples() * shape.patches();
    try (Tensor patches = device.tensor(rows, train.dimension());
        Tensor preActivations = device.tensor(rows, network.columns());
        Tensor bySample = device.tensor(1, samples, classes);
        Tensor displacement = device.tensor(network.columns(), train.dimension())) {
      patches.upload(train.values());
      network.forward(shape, patches, preActivations, bySample);
      device.matrixProduct(
          true, false, samples, classes, classes, coefficients, identity, false, bySample);
      device.smoothedReluSumBackward(shape, preActivations, bySample, preActivations);
      device.matrixProduct(
          true,
          false,
          network.columns(),
          train.dimension(),
          rows,
          preActivations,
          patches,
          false,
          displacement);
      return displacement.download();
    }
  }

  @Override
  public float[] predict(Samples samples) {
    float[] outputs = network.predict(samples).of(0);
    try (Tensor displacement = device.tensor(network.columns(), train.dimension())) {
      displacement.upload(displacement());
      for (int first = 0; first < samples.count(); first += SAMPLES_AT_A_TIME) {
        int count = Math.min(SAMPLES_AT_A_TIME, samples.count() - first);
        float[] values = samples.values(first, count);
        addTangent(slopes(values, count), projections(values, displacement), outputs, first);
      }
    }
    return outputs;
  }

  /** What every patch has of the displacement, [rows, columns]. */
  private float[] projections(float[] values, Tensor displacement) {
    long rows = values.length / train.dimension();
    try (Tensor patches = device.tensor(rows, train.dimension());
        Tensor projections = device.tensor(rows, network.columns())) {
      patches.upload(values);
      device.matrixProduct(
          false,
          true,
          rows,
          network.columns(),
          train.dimension(),
          patches,
          displacement,
          false,
          projections);
      return projections.download();
    }
  }

  private void addTangent(float[] slopes, float[] projections, float[] outputs, int first) {
    int columns = network.columns();
    for (int i = 0; i < slopes.length; i++) {
      int sample = first + i / columns / train.patches();
      int label = i % columns / network.config().neurons();
      outputs[sample * classes + label] += slopes[i] * projections[i];
    }
  }

  @Override
  public void reset() {
    coefficients.fill(0);
  }

  @Override
  public void close() {
    network.close();
    initialOutputs.close();
    kernels.close();
    identity.close();
    coefficients.close();
    outputsByClass.close();
    gradientsByClass.close();
  }
}
