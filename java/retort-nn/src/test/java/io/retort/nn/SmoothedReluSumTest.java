package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The operation from Java, and what it refuses; the native tests compare it with its reference. */
@OnEveryDevice
class SmoothedReluSumTest {
  private static final SmoothedReluSumShape SHAPE =
      new SmoothedReluSumShape(5, 3, 2, 4, 3, 4, 0.9f);

  private final Device device;

  SmoothedReluSumTest(TestDevice kind) {
    device = kind.open(2);
  }

  @AfterEach
  void everythingIsFreed() {
    device.close();
  }

  private Tensor tensor(long size, long seed) {
    Tensor tensor = device.tensor(size);
    tensor.upload(RandomArrays.normal(size, seed));
    return tensor;
  }

  private double sumOfWeightedOutputs(float[] preActivations, float[] weights) {
    try (Tensor a = device.tensor(preActivations.length);
        Tensor y = device.tensor(weights.length)) {
      a.upload(preActivations);
      device.smoothedReluSumForward(SHAPE, a, y);
      return RandomArrays.dot(y.download(), weights);
    }
  }

  @Test
  void oneNeuronOnEachPieceAddsUp() {
    SmoothedReluSumShape shape = new SmoothedReluSumShape(1, 3, 1, 1, 1, 4, 0.5f);
    try (Tensor a = device.tensor(3);
        Tensor y = device.tensor(1)) {
      a.upload(new float[] {-2, 0.25f, 2});
      device.smoothedReluSumForward(shape, a, y);
      double below = Math.pow(0.25, 4) / (4 * Math.pow(0.5, 3));
      double beyond = 2 - 0.75 * 0.5;
      assertThat(y.download()[0]).isCloseTo((float) (below + beyond), within(1e-6f));
    }
  }

  @Test
  void gradientIsTheSlopeInPlaceToo() {
    try (Tensor a = tensor(SHAPE.preActivations(), 1);
        Tensor dy = tensor(SHAPE.outputs(), 2);
        Tensor da = device.tensor(SHAPE.preActivations())) {
      device.smoothedReluSumBackward(SHAPE, a, dy, da);
      float[] point = a.download();
      float[] gradient = da.download();
      float[] direction = RandomArrays.normal(point.length, 3);
      // Central differences of step h in f32 err by some 500 h² for the third derivative, and by
      // some 1e-5 / h for rounding.
      float step = 2e-3f;
      float[] above = point.clone();
      float[] below = point.clone();
      for (int i = 0; i < point.length; i++) {
        above[i] += step * direction[i];
        below[i] -= step * direction[i];
      }
      double slope =
          (sumOfWeightedOutputs(above, dy.download()) - sumOfWeightedOutputs(below, dy.download()))
              / (2 * step);
      assertThat(RandomArrays.dot(gradient, direction)).isCloseTo(slope, within(7e-3));
      device.smoothedReluSumBackward(SHAPE, a, dy, a);
      assertThat(a.download()).isEqualTo(gradient);
    }
  }

  @Test
  void wrongSizesAndConstantsAreNamed() {
    try (Tensor a = device.tensor(SHAPE.preActivations());
        Tensor y = device.tensor(SHAPE.outputs());
        Tensor small = device.tensor(1)) {
      refused("preActivations", () -> device.smoothedReluSumForward(SHAPE, small, y));
      refused("output", () -> device.smoothedReluSumForward(SHAPE, a, small));
      refused("output", () -> device.smoothedReluSumForward(SHAPE, a, null));
      refused("outputGradient", () -> device.smoothedReluSumBackward(SHAPE, a, small, a));
      refused("preActivationGradient", () -> device.smoothedReluSumBackward(SHAPE, a, y, small));
      refused("shape", () -> device.smoothedReluSumForward(null, a, y));
      refused("samples", () -> SHAPE.withSamples(-1));
      refused("patches", () -> new SmoothedReluSumShape(1, 0, 1, 1, 1, 4, 1));
      refused("networks", () -> new SmoothedReluSumShape(1, 1, 0, 1, 1, 4, 1));
      refused("classes", () -> new SmoothedReluSumShape(1, 1, 1, 0, 1, 4, 1));
      refused("neurons", () -> new SmoothedReluSumShape(1, 1, 1, 1, 0, 4, 1));
      refused("degree", () -> forwardOne(1, 1, small));
      refused("threshold", () -> forwardOne(4, Float.NaN, small));
    }
  }

  private void forwardOne(int degree, float threshold, Tensor one) {
    try (Tensor output = device.tensor(1)) {
      device.smoothedReluSumForward(
          new SmoothedReluSumShape(1, 1, 1, 1, 1, degree, threshold), one, output);
    }
  }

  private static void refused(String argument, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(argument);
  }
}
