package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.retort.kernels.CudaLibrary;
import io.retort.kernels.DType;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** With bf16, CUDA rounds what it multiplies, and nothing else. */
class PrecisionTest {
  /** The most that rounding to bf16 changes a value by, as a fraction of it. */
  private static final double BF16 = 0x1p-8;

  /** The most that one operation in f32 rounds by. */
  private static final double F32 = 0x1p-24;

  private static final int STEPS = 40;
  private static final int ROWS = 32;

  @BeforeEach
  void thereIsCuda() {
    assumeTrue(TestDevice.available().contains(TestDevice.CUDA));
  }

  /** What multiplies: two factors, and the sums of their products. */
  private enum Multiplication {
    PRODUCT(7 * 300, 300 * 5, 7 * 5, 300) {
      @Override
      void run(Device device, Tensor a, Tensor b, Tensor c) {
        device.matrixProduct(false, true, 7, 5, 300, a, b, false, c);
      }
    },
    FORWARD(SHAPE.inputSize(), SHAPE.weightsSize(), SHAPE.outputSize(), 9 * 8) {
      @Override
      void run(Device device, Tensor a, Tensor b, Tensor c) {
        device.convolutionForward(SHAPE, a, b, null, c);
      }
    },
    BACKWARD_INPUT(SHAPE.outputSize(), SHAPE.weightsSize(), SHAPE.inputSize(), 9 * 8) {
      @Override
      void run(Device device, Tensor a, Tensor b, Tensor c) {
        device.convolutionBackwardInput(SHAPE, a, b, c);
      }
    },
    BACKWARD_WEIGHTS(SHAPE.inputSize(), SHAPE.outputSize(), SHAPE.weightsSize(), 4 * 6 * 6) {
      @Override
      void run(Device device, Tensor a, Tensor b, Tensor c) {
        device.convolutionBackwardWeights(SHAPE, a, b, c);
      }
    };

    final long sizeA;
    final long sizeB;
    final long sizeC;

    /** The most products in a sum. */
    final int terms;

    Multiplication(long sizeA, long sizeB, long sizeC, int terms) {
      this.sizeA = sizeA;
      this.sizeB = sizeB;
      this.sizeC = sizeC;
      this.terms = terms;
    }

    abstract void run(Device device, Tensor a, Tensor b, Tensor c);

    float[] run(Precision precision, float[] a, float[] b) {
      try (Device device = TestDevice.CUDA.open(1, precision)) {
        return run(device, a, b);
      }
    }

    float[] run(Device device, float[] a, float[] b) {
      try (Tensor left = device.tensor(sizeA);
          Tensor right = device.tensor(sizeB);
          Tensor sums = device.tensor(sizeC)) {
        left.upload(a);
        right.upload(b);
        run(device, left, right, sums);
        return sums.download();
      }
    }
  }

  /** Of channels in eights, which the tensor cores want. */
  private static final ConvolutionShape SHAPE =
      new ConvolutionShape(4, new ImageShape(6, 6, 8), 8, 3, 1, 1);

  /** Both factors of a product are off by a rounding, and what a convolution gives once more. */
  @ParameterizedTest
  @EnumSource
  void resultsDifferFromThoseOfF32ByRoundingToBf16(Multiplication operation) {
    float[] a = RandomArrays.normal(operation.sizeA, 1);
    float[] b = RandomArrays.normal(operation.sizeB, 2);
    float[] f32 = operation.run(Precision.F32, a, b);
    float[] bf16 = operation.run(Precision.BF16, a, b);
    float[] magnitudes = operation.run(Precision.F32, magnitudes(a), magnitudes(b));
    double roundings = Math.pow(1 + BF16, 3) - 1 + 2 * operation.terms * F32;
    for (int i = 0; i < f32.length; i++) {
      assertThat(bf16[i]).isCloseTo(f32[i], within((float) (roundings * magnitudes[i])));
    }
    assertThat(bf16).isNotEqualTo(f32);
  }

  /** So only the order of a sum, and on which side of a tie it falls, may differ. */
  @ParameterizedTest
  @EnumSource
  void factorsAreRoundedAndSumsAreNot(Multiplication operation) {
    float[] a = RandomArrays.normal(operation.sizeA, 1);
    float[] b = RandomArrays.normal(operation.sizeB, 2);
    float[] bf16 = operation.run(Precision.BF16, a, b);
    float[] sums = operation.run(Precision.F32, rounded(a), rounded(b));
    float[] magnitudes = operation.run(Precision.F32, magnitudes(a), magnitudes(b));
    boolean product = operation == Multiplication.PRODUCT;
    for (int i = 0; i < sums.length; i++) {
      double order = 2 * operation.terms * F32 * magnitudes[i];
      double store = product ? 0 : BF16 * Math.abs(sums[i]);
      assertThat(bf16[i]).isCloseTo(sums[i], within((float) (order + store)));
    }
    assertThat(product || isBf16(bf16)).as("a convolution's results are bf16").isTrue();
  }

  @Test
  void aSumThatGoesOnStaysInF32() {
    try (Device device = TestDevice.CUDA.open(1, Precision.BF16);
        Tensor one = device.tensor(1);
        Tensor sum = device.tensor(1)) {
      one.fill(1);
      sum.fill(0x1p-20f);
      device.matrixProduct(false, false, 1, 1, 1, one, one, true, sum);
      assertThat(sum.download()).containsExactly(1 + 0x1p-20f);
    }
  }

  @Test
  void aConvolutionThatBf16LacksStaysInF32() {
    assumeTrue(TestDevice.CUDA.isEmulated());
    CudaLibrary.load();
    HostLibraries without =
        new HostLibraries() {
          @Override
          public boolean convolves(ConvolutionShape shape, DType type) {
            return type == DType.F32;
          }
        };
    Multiplication forward = Multiplication.FORWARD;
    float[] a = RandomArrays.normal(forward.sizeA, 1);
    float[] b = RandomArrays.normal(forward.sizeB, 2);
    try (Device device = new CudaDevice(1, Precision.BF16, without)) {
      assertThat(forward.run(device, a, b)).isEqualTo(forward.run(Precision.F32, a, b));
    }
  }

  /** A loss of about 1 of logits that a handful of roundings have reached. */
  @ParameterizedTest
  @ValueSource(strings = {"mlp-16", "cnn-3-4-8", "cnnbn-3-4-8"})
  void aNetworkLearnsInBf16FromTheLossOfF32(String architecture) {
    double[] f32 = losses(Precision.F32, architecture);
    double[] bf16 = losses(Precision.BF16, architecture);

    assertThat(bf16[0]).isCloseTo(f32[0], within(8 * BF16)).isNotEqualTo(f32[0]);
    assertThat(bf16[STEPS - 1]).isLessThan(0.5 * bf16[0]);
    assertThat(losses(Precision.BF16, architecture)).isEqualTo(bf16);
  }

  /** Most steps so small that bf16 would keep nothing of them are kept. */
  @Test
  void weightsStayInF32() {
    try (Device device = TestDevice.CUDA.open(1, Precision.BF16);
        Network network = Architecture.parse("mlp-16").create(device, Bars.IMAGE, 3, 1);
        Optimizer optimizer = Optimizer.sgd(network, 0, false, 0);
        BarsTrainer trainer = new BarsTrainer(network, optimizer)) {
      float[] before = weights(network);
      trainer.step(new Bars(ROWS, 5), 1e-5f);
      float[] after = weights(network);
      float[] beforeInBf16 = rounded(before);
      float[] afterInBf16 = rounded(after);
      long kept =
          IntStream.range(0, after.length)
              .filter(i -> after[i] != before[i] && afterInBf16[i] == beforeInBf16[i])
              .count();
      assertThat(kept).isGreaterThan(after.length / 2);
    }
  }

  @Test
  void theProcessorHasF32Alone() {
    for (Precision precision : new Precision[] {Precision.TF32, Precision.BF16}) {
      assertThatThrownBy(() -> Device.open(DeviceKind.CPU, 1, precision))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("precision must be f32 on the CPU, got " + precision + ", which takes a GPU");
    }
  }

  @Test
  void precisionsAreParsedByName() {
    assertThat(Precision.parse("bf16")).isEqualTo(Precision.BF16);
    assertThatThrownBy(() -> Precision.parse("fp16"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("precision must be f32, tf32 or bf16, got fp16");
  }

  /** Of steps on one batch. */
  private static double[] losses(Precision precision, String architecture) {
    double[] losses = new double[STEPS];
    try (Device device = TestDevice.CUDA.open(1, precision);
        Network network = Architecture.parse(architecture).create(device, Bars.IMAGE, 3, 1);
        Optimizer optimizer = Optimizer.sgd(network, 0.9f, true, 0);
        BarsTrainer trainer = new BarsTrainer(network, optimizer)) {
      Bars batch = new Bars(ROWS, 5);
      for (int step = 0; step < STEPS; step++) {
        losses[step] = trainer.step(batch, 0.02f);
      }
    }
    return losses;
  }

  private static float[] weights(Network network) {
    return network.parameters().get(0).value().download();
  }

  private static float[] magnitudes(float[] values) {
    float[] magnitudes = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      magnitudes[i] = Math.abs(values[i]);
    }
    return magnitudes;
  }

  private static boolean isBf16(float[] values) {
    for (float value : values) {
      if ((Float.floatToRawIntBits(value) & 0xffff) != 0) {
        return false;
      }
    }
    return true;
  }

  private static float[] rounded(float[] values) {
    float[] rounded = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] = HostLibraries.toFloat(HostLibraries.toBf16(values[i]));
    }
    return rounded;
  }
}
