package io.retort.nn;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every layer's backward pass and tangent are its derivative, and each other's adjoint. */
@OnEveryDevice
class LayerDerivativesTest {
  private static final ImageShape IMAGE = new ImageShape(6, 5, 3);
  private static final int ROWS = 4;

  /** Rounding of a sum of some hundred float terms, divided by the step. */
  private static final double TOLERANCE = 2e-4;

  private final Device device;

  LayerDerivativesTest(TestDevice kind) {
    device = kind.open(2);
  }

  @AfterEach
  void everythingIsFreed() {
    device.close();
  }

  @Test
  void convolution() {
    for (int stride = 1; stride <= 2; stride++) {
      ConvolutionShape shape = new ConvolutionShape(0, IMAGE, 4, 3, stride, 1);
      // The scalar is quadratic along any direction, so that central differences have no error of
      // their own and the step may be large.
      checkImages(new Convolution(device, "conv", shape, true), 0.1);
      checkImages(new Convolution(device, "conv", shape, false), 0.1);
    }
    checkImages(
        new Convolution(device, "conv", new ConvolutionShape(0, IMAGE, 2, 1, 2, 0), true), 0.1);
  }

  @Test
  void linear() {
    for (boolean bias : new boolean[] {true, false}) {
      Layer layer = new Linear(device, "linear", 7, 5, bias, Initialization.heNormal(7));
      check(layer, RandomArrays.normal(ROWS * 7, 11), 0.1, 1, ROWS, 7);
    }
  }

  @Test
  void batchNorm() {
    checkImages(new BatchNorm(device, "norm", IMAGE, false), 1e-3);
    check(
        new BatchNorm(device, "norm", 5, false),
        RandomArrays.normal(ROWS * 5, 12),
        1e-3,
        1,
        ROWS,
        5);
  }

  @Test
  void rectifiedBatchNorm() {
    check(new BatchNorm(device, "norm", 5, true), RandomArrays.normal(8 * 5, 12), 1e-3, 1, 8, 5);
  }

  @Test
  void pooledBatchNorm() {
    PoolingShape pooling = new PoolingShape(0, IMAGE, 2, 2, 0);
    checkImages(new BatchNorm(device, "norm", pooling, false), 1e-3);
    checkImages(new BatchNorm(device, "norm", pooling, true), 1e-3);
  }

  @Test
  void relu() {
    checkImages(new Relu(device, "relu", IMAGE), 0.02);
  }

  @Test
  void maxPool() {
    checkImages(new MaxPool(device, "pool", new PoolingShape(0, IMAGE, 2, 2, 0)), 0.02);
    checkImages(new MaxPool(device, "pool", new PoolingShape(0, IMAGE, 3, 2, 1)), 0.02);
  }

  @Test
  void averagePool() {
    checkImages(new AveragePool(device, "pool", new PoolingShape(0, IMAGE, 3, 2, 1)), 0.1);
    checkImages(AveragePool.global(device, "pool", IMAGE), 0.1);
  }

  @Test
  void flatten() {
    checkImages(new Flatten("flatten", IMAGE), 0.1);
  }

  @Test
  void sequential() {
    Convolution first =
        new Convolution(device, "conv1", new ConvolutionShape(0, IMAGE, 4, 3, 1, 1), true);
    Convolution second =
        new Convolution(device, "conv2", new ConvolutionShape(0, first.output(), 2, 3, 1, 1), true);
    checkImages(new Sequential("both", List.of(first, second)), 1e-2);
  }

  @Test
  void residualWithIdentity() {
    Convolution body =
        new Convolution(device, "conv", new ConvolutionShape(0, IMAGE, 3, 3, 1, 1), true);
    checkImages(new Residual(device, "block", IMAGE, IMAGE, body, null, false), 0.1);
  }

  @Test
  void residualWithProjectionAndRelu() {
    Convolution body =
        new Convolution(device, "conv", new ConvolutionShape(0, IMAGE, 2, 3, 2, 1), false);
    Convolution shortcut =
        new Convolution(device, "shortcut", new ConvolutionShape(0, IMAGE, 2, 1, 2, 0), false);
    checkImages(
        new Residual(device, "block", IMAGE, body.output(), body, shortcut, true), 1e-2, 64);
  }

  @Test
  void residualWhoseBodyHasNoParameters() {
    checkImages(
        new Residual(device, "block", IMAGE, IMAGE, new Relu(device, "relu", IMAGE), null, false),
        0.02);
  }

  private void checkImages(Layer layer, double step) {
    checkImages(layer, step, 1);
  }

  private void checkImages(Layer layer, double step, int samples) {
    float[] images = RandomArrays.separated(ROWS * IMAGE.size(), 0.05, 13);
    check(layer, images, step, samples, ROWS, IMAGE.height(), IMAGE.width(), IMAGE.channels());
  }

  private void check(Layer layer, float[] input, double step, int samples, long... shape) {
    try (Derivatives derivatives = new Derivatives(device, layer, input, shape)) {
      derivatives.check(step, samples, TOLERANCE);
    }
  }
}
