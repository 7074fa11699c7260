package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Layers compute what their documentation says, as plain loops in double precision do. */
@OnEveryDevice
class LayerForwardTest {
  private static final ImageShape IMAGE = new ImageShape(7, 6, 3);
  private static final int ROWS = 5;

  private final Device device;

  LayerForwardTest(TestDevice kind) {
    device = kind.open(2);
  }

  @AfterEach
  void everythingIsFreed() {
    device.close();
  }

  @Test
  void convolutionOfImages() {
    for (int stride = 1; stride <= 3; stride++) {
      ConvolutionShape shape = new ConvolutionShape(ROWS, IMAGE, 4, 3, stride, 1);
      try (Bound<Convolution> layer = new Bound<>(new Convolution(device, "c", shape, true))) {
        float[] x = RandomArrays.normal(ROWS * IMAGE.size(), 1);
        assertClose(
            layer.forward(x, ROWS, 7, 6, 3),
            PlainLayers.convolution(shape, x, layer.value("c.weights"), layer.value("c.bias")));
      }
    }
  }

  @Test
  void linearOfRows() {
    Linear linear = new Linear(device, "l", 9, 4, true, Initialization.heNormal(9));
    try (Bound<Linear> layer = new Bound<>(linear)) {
      float[] x = RandomArrays.normal(ROWS * 9, 2);
      assertClose(
          layer.forward(x, ROWS, 9),
          PlainLayers.linear(x, 9, layer.value("l.weights"), layer.value("l.bias")));
    }
  }

  @Test
  void poolsOfImages() {
    float[] x = RandomArrays.normal(ROWS * IMAGE.size(), 3);
    PoolingShape shape = new PoolingShape(ROWS, IMAGE, 3, 2, 1);
    try (Bound<MaxPool> layer = new Bound<>(new MaxPool(device, "p", shape))) {
      assertClose(layer.forward(x, ROWS, 7, 6, 3), PlainLayers.pool(shape, x, false));
    }
    try (Bound<AveragePool> layer = new Bound<>(new AveragePool(device, "p", shape))) {
      assertClose(layer.forward(x, ROWS, 7, 6, 3), PlainLayers.pool(shape, x, true));
    }
  }

  @Test
  void globalAverageOfImagesThatAreNotSquare() {
    for (ImageShape image : List.of(IMAGE, new ImageShape(2, 9, 3), new ImageShape(4, 4, 3))) {
      float[] x = RandomArrays.normal(image.size(), 4);
      AveragePool pool = AveragePool.global(device, "p", image);
      try (Bound<AveragePool> layer = new Bound<>(pool)) {
        assertThat(pool.output()).isEqualTo(new ImageShape(1, 1, 3));
        assertClose(layer.forward(x, 1, image.height(), image.width(), 3), PlainLayers.means(x, 3));
      }
    }
  }

  @Test
  void batchNormUsesTheBatchInTrainingAndRunningStatisticsInInference() {
    BatchNorm norm = new BatchNorm(device, "n", IMAGE, true);
    try (Bound<BatchNorm> layer = new Bound<>(norm)) {
      float[] x = RandomArrays.normal(ROWS * IMAGE.size(), 5);
      float[] scale = layer.value("n.scale");
      float[] shift = layer.value("n.shift");
      double[] means = PlainLayers.means(x, 3);
      double[] variances = PlainLayers.variances(x, 3);
      assertClose(
          layer.forward(x, ROWS, 7, 6, 3),
          PlainLayers.rectifiedNorm(x, means, variances, scale, shift));

      double rows = x.length / 3.0;
      double[] runningMeans = new double[3];
      double[] runningVariances = new double[3];
      for (int c = 0; c < 3; c++) {
        runningMeans[c] = 0.1 * means[c];
        runningVariances[c] = 0.9 + 0.1 * variances[c] * rows / (rows - 1);
      }
      assertClose(layer.value("n.running_mean"), runningMeans);
      assertClose(layer.value("n.running_variance"), runningVariances);
      assertClose(
          layer.infer(x, ROWS, 7, 6, 3),
          PlainLayers.rectifiedNorm(x, runningMeans, runningVariances, scale, shift));
    }
  }

  @Test
  void batchNormWithAPoolingIsTheTwoLayersOneAfterTheOther() {
    PoolingShape pooling = new PoolingShape(0, IMAGE, 2, 2, 0);
    Layer apart =
        new Sequential(
            "apart",
            List.of(new BatchNorm(device, "n", IMAGE, true), new MaxPool(device, "p", pooling)));
    try (Bound<BatchNorm> layer = new Bound<>(new BatchNorm(device, "n", pooling, true));
        Bound<Layer> layers = new Bound<>(apart)) {
      float[] x = RandomArrays.normal(ROWS * IMAGE.size(), 8);
      assertThat(layer.forward(x, ROWS, 7, 6, 3)).isEqualTo(layers.forward(x, ROWS, 7, 6, 3));
      assertThat(layer.infer(x, ROWS, 7, 6, 3)).isEqualTo(layers.infer(x, ROWS, 7, 6, 3));
    }
  }

  @Test
  void residualAddsAndRectifies() {
    Relu body = new Relu(device, "relu", IMAGE);
    try (Bound<Residual> layer =
        new Bound<>(new Residual(device, "r", IMAGE, IMAGE, body, null, true))) {
      float[] x = RandomArrays.normal(IMAGE.size(), 6);
      double[] expected = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        expected[i] = Math.max(0, Math.max(0, x[i]) + x[i]);
      }
      assertClose(layer.forward(x, 1, 7, 6, 3), expected);
    }
  }

  @Test
  void aSmallerBatchAfterALargerOneSeesItsOwnRowsOnly() {
    Linear linear = new Linear(device, "l", 3, 2, true, Initialization.heNormal(3));
    try (Bound<Linear> layer = new Bound<>(linear)) {
      float[] x = RandomArrays.normal(4 * 3, 7);
      float[] large = layer.forward(x, 4, 3);
      long bytes = device.allocatedBytes();
      float[] small = layer.forward(java.util.Arrays.copyOf(x, 6), 2, 3);
      assertThat(small).hasSize(4).startsWith(large[0], large[1], large[2], large[3]);
      assertThat(device.allocatedBytes()).isEqualTo(bytes);
    }
  }

  private static void assertClose(float[] actual, double[] expected) {
    assertThat(actual).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i])
          .as("element %d", i)
          .isCloseTo(expected[i], within(1e-5 * (1 + Math.abs(expected[i]))));
    }
  }

  /** A layer whose parameters have random values. */
  private final class Bound<L extends Layer> implements AutoCloseable {
    private final L layer;
    private final ParameterVector parameters;
    private final ParameterVector buffers;

    Bound(L layer) {
      this.layer = layer;
      parameters = new ParameterVector(device, layer.parameters());
      buffers = new ParameterVector(device, layer.buffers());
      parameters.values().upload(RandomArrays.uniform(parameters.size(), 9));
      buffers.initialize(0);
    }

    float[] forward(float[] values, long... shape) {
      return run(Mode.TRAINING, values, shape);
    }

    float[] infer(float[] values, long... shape) {
      return run(Mode.INFERENCE, values, shape);
    }

    private float[] run(Mode mode, float[] values, long... shape) {
      try (Tensor input = device.tensor(shape)) {
        input.upload(values);
        return layer.forward(input, mode).download();
      }
    }

    float[] value(String name) {
      return java.util.stream.Stream.concat(layer.parameters().stream(), layer.buffers().stream())
          .filter(parameter -> parameter.name().equals(name))
          .findFirst()
          .orElseThrow()
          .value()
          .download();
    }

    @Override
    public void close() {
      layer.close();
      parameters.close();
      buffers.close();
    }
  }
}
