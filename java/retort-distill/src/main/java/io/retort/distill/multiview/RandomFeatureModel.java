package io.retort.distill.multiview;

import io.retort.nn.Device;
import io.retort.nn.SmoothedReluSumShape;
import io.retort.nn.Tensor;
import java.util.SplittableRandom;

/**
 * A model that is linear in random features, which do not learn (Rahimi and Recht, "Random Features
 * for Large-Scale Kernel Machines", 2007):
 *
 * <pre>
 *   feature(r) = sum over patches p of relu(u(r) . x(p)), standardised over the training samples
 *   F(i) = sum over r of a(r, i) * feature(r) / sqrt(features)
 * </pre>
 */
final class RandomFeatureModel implements FixedFeatureModel {

  /** The ReLU is as good as sharp where its threshold is this part of a projection's deviation. */
  private static final double SHARP = 0.01;

  private static final int SAMPLES_AT_A_TIME = 100;

  private final Device device;
  private final RandomFeaturesConfig config;
  private final int classes;
  private final float threshold;
  private final Tensor directions;
  private final Tensor coefficients;
  private final Tensor coefficientGradient;
  private final Tensor trainFeatures;
  private final float[] mean;
  private final float[] scale;

  RandomFeatureModel(
      Device device, RandomFeaturesConfig config, int classes, Samples train, long seed) {
    this.device = device;
    this.config = config;
    this.classes = classes;
    int features = config.features();
    directions = device.tensor(features, train.dimension());
    directions.upload(normal(features * train.dimension(), seed));
    coefficients = device.tensor(features, classes);
    coefficientGradient = device.tensor(features, classes);
    threshold = (float) (SHARP * deviationOfProjections(train));
    float[] raw = rawFeatures(train);
    mean = new float[features];
    scale = new float[features];
    fitStandardisation(raw, train.count());
    standardise(raw);
    trainFeatures = device.tensor(train.count(), features);
    trainFeatures.upload(raw);
  }

  private static float[] normal(int size, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Of a standard normal direction: the length of a patch, on average. */
  private static double deviationOfProjections(Samples samples) {
    double squares = 0;
    for (float value : samples.values()) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares / (samples.count() * samples.patches()));
  }

  private float[] rawFeatures(Samples samples) {
    int features = config.features();
    float[] all = new float[samples.count() * features];
    for (int first = 0; first < samples.count(); first += SAMPLES_AT_A_TIME) {
      int count = Math.min(SAMPLES_AT_A_TIME, samples.count() - first);
      long rows = (long) count * samples.patches();
      try (Tensor patches = device.tensor(rows, samples.dimension());
          Tensor projections = device.tensor(rows, features);
          Tensor sums = device.tensor(count, features)) {
        patches.upload(samples.values(first, count));
        device.matrixProduct(
            false,
            true,
            rows,
            features,
            samples.dimension(),
            patches,
            directions,
            false,
            projections);
        device.smoothedReluSumForward(
            new SmoothedReluSumShape(count, samples.patches(), 1, features, 1, 2, threshold),
            projections,
            sums);
        System.arraycopy(sums.download(), 0, all, first * features, count * features);
      }
    }
    return all;
  }

  private void fitStandardisation(float[] raw, int samples) {
    int features = config.features();
    for (int r = 0; r < features; r++) {
      double sum = 0;
      double squares = 0;
      for (int sample = 0; sample < samples; sample++) {
        double value = raw[sample * features + r];
        sum += value;
        squares += value * value;
      }
      double average = sum / samples;
      double variance = Math.max(squares / samples - average * average, 1e-12);
      mean[r] = (float) average;
      scale[r] = (float) (1 / Math.sqrt(variance * features));
    }
  }

  private void standardise(float[] raw) {
    int features = config.features();
    for (int i = 0; i < raw.length; i++) {
      raw[i] = (raw[i] - mean[i % features]) * scale[i % features];
    }
  }

  @Override
  public void forward(Tensor outputs) {
    forward(trainFeatures, outputs);
  }

  private void forward(Tensor features, Tensor outputs) {
    device.matrixProduct(
        false,
        false,
        features.rows(),
        classes,
        config.features(),
        features,
        coefficients,
        false,
        outputs);
  }

  @Override
  public void descend(Tensor gradient) {
    device.matrixProduct(
        true,
        false,
        config.features(),
        classes,
        gradient.rows(),
        trainFeatures,
        gradient,
        false,
        coefficientGradient);
    device.sgdStep(
        (float) config.learningRate(), 0, false, 0, coefficientGradient, null, coefficients);
  }

  @Override
  public float[] predict(Samples samples) {
    float[] raw = rawFeatures(samples);
    standardise(raw);
    try (Tensor features = device.tensor(samples.count(), config.features());
        Tensor outputs = device.tensor(samples.count(), classes)) {
      features.upload(raw);
      forward(features, outputs);
      return outputs.download();
    }
  }

  @Override
  public void reset() {
    coefficients.fill(0);
  }

  @Override
  public void close() {
    directions.close();
    coefficients.close();
    coefficientGradient.close();
    trainFeatures.close();
  }
}
