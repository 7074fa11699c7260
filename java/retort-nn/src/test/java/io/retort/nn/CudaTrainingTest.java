package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.retort.kernels.CudaLibrary;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks learn the same on CUDA as on the CPU. */
class CudaTrainingTest {
  private static final int STEPS = 6;
  private static final int ROWS = 16;

  @BeforeEach
  void thereIsCuda() {
    assumeTrue(TestDevice.available().contains(TestDevice.CUDA));
  }

  /**
   * Results differ by rounding. A gradient is a sum of some hundreds of products, so it is off by
   * some hundred roundings at the worst, and each step moves the weights by that times the learning
   * rate and hands the difference on, at most doubled by what it does to the next gradient: {@code
   * 100 * 2^STEPS} roundings of a loss of about 1.
   */
  @ParameterizedTest
  @ValueSource(strings = {"mlp-16", "cnn-3-4-8", "cnnbn-3-4-8"})
  void lossesAreThoseOfTheCpu(String architecture) {
    double[] onCpu = losses(TestDevice.CPU, architecture);
    double[] onCuda = losses(TestDevice.CUDA, architecture);
    for (int step = 0; step < STEPS; step++) {
      double tolerance = 100 * Math.scalb(1.0, step) * Math.ulp(1f);
      assertThat(onCuda[step]).as("step %d", step).isCloseTo(onCpu[step], within(tolerance));
    }
    assertThat(onCpu[STEPS - 1]).isLessThan(onCpu[0]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mlp-16", "cnnbn-3-4-8"})
  void theSameStepsGiveTheSameBits(String architecture) {
    assertThat(losses(TestDevice.CUDA, architecture))
        .isEqualTo(losses(TestDevice.CUDA, architecture));
  }

  @ParameterizedTest
  @EnumSource
  void stepsAfterTheFirstAllocateNothingOnTheGpu(Precision precision) {
    assumeTrue(TestDevice.CUDA.isEmulated());
    CudaLibrary.load();
    HostLibraries host = new HostLibraries();
    try (Device device = new CudaDevice(1, precision, host)) {
      losses(device, "cnnbn-3-4-8");
      long allocations = host.allocationCount();
      losses(device, "cnnbn-3-4-8");
      assertThat(host.allocationCount()).isEqualTo(allocations);
    }
  }

  private static double[] losses(TestDevice kind, String architecture) {
    try (Device device = kind.open(2)) {
      return losses(device, architecture);
    }
  }

  /** Of steps on one batch. */
  private static double[] losses(Device device, String architecture) {
    double[] losses = new double[STEPS];
    try (Network network = Architecture.parse(architecture).create(device, Bars.IMAGE, 3, 1);
        Optimizer optimizer = Optimizer.sgd(network, 0.9f, true, 5e-4f);
        BarsTrainer trainer = new BarsTrainer(network, optimizer)) {
      Bars batch = new Bars(ROWS, 5);
      for (int step = 0; step < STEPS; step++) {
        losses[step] = trainer.step(batch, 0.02f);
      }
    }
    return losses;
  }
}
