package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Closing devices, and operations that refuse hostile tensors. */
@OnEveryDevice
class DeviceTest {
  private final TestDevice kind;
  private final Device device;

  DeviceTest(TestDevice kind) {
    this.kind = kind;
    this.device = kind.open(2);
  }

  @AfterEach
  void everythingIsFreed() {
    device.close();
  }

  @Test
  void itSaysItsKindAndThreads() {
    assertThat(DeviceKind.parse(device.name())).hasToString(device.name());
    assertThat(device.name()).isEqualToIgnoringCase(kind.name());
    assertThat(device.threads()).isEqualTo(2);
    assertThat(device.description()).isNotBlank();
  }

  @Test
  void closingReportsWhatIsStillOpenAndFreesIt() {
    Device other = kind.open(1);
    Tensor tensor = other.tensor(3, 5);
    other.integers(2);
    assertThatThrownBy(other::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("2 of 68 bytes")
        .hasMessageContaining("[3, 5]");
    assertThat(other.allocatedBytes()).isZero();
    assertClosed(tensor::download);
    assertClosed(() -> other.tensor(1));
    assertThatCode(other::close).doesNotThrowAnyException();
    assertThatCode(tensor::close).doesNotThrowAnyException();
  }

  @Test
  void aClosedDeviceRunsNothing() {
    Device other = kind.open(1);
    other.close();
    assertClosed(() -> other.tensor(1));
    assertClosed(() -> other.integers(1));
    try (Tensor tensor = device.tensor(1)) {
      assertClosed(() -> other.reluForward(tensor, tensor));
      assertClosed(() -> other.maxPoolForward(pooling(new ImageShape(1, 1, 1), 1), tensor, tensor));
    }
  }

  @Test
  void tensorsOfAnotherSizeAreNamed() {
    try (Tensor small = device.tensor(3);
        Tensor large = device.tensor(4)) {
      assertRefused("output", () -> device.reluForward(small, large));
      assertRefused("y", () -> device.linearCombination(1, small, 1, large, small));
      assertRefused(
          "c", () -> device.matrixProduct(false, false, 1, 1, 3, small, small, false, large));
      assertRefused(
          "b", () -> device.matrixProduct(false, false, 1, 1, 3, small, large, false, small));
      assertRefused(
          "sizes", () -> device.matrixProduct(false, false, -1, 1, 3, small, large, false, small));
      assertRefused(
          "sizes",
          () ->
              device.matrixProduct(
                  false, false, 1L << 40, 1, 1L << 40, small, large, false, small));
      assertRefused("matrix", () -> device.addToRows(small, large));
      assertRefused("matrix", () -> device.columnSums(large, small));
      assertRefused("gradient", () -> device.sgdStep(1, 0, false, 0, small, null, large));
      assertRefused(
          "firstMoment",
          () ->
              device.adamStep(
                  new AdamStep(1, 0.9f, 0.9f, 1e-8f, 0, false, 1), small, large, small, small));
      PoolingShape pooling = pooling(new ImageShape(2, 2, 1), 2);
      assertRefused("input", () -> device.maxPoolForward(pooling, small, small));
      assertRefused("output", () -> device.maxPoolForward(pooling, large, small));
      ConvolutionShape convolution = new ConvolutionShape(1, new ImageShape(2, 2, 1), 1, 2, 1, 0);
      assertRefused(
          "weights", () -> device.convolutionForward(convolution, large, small, null, small));
      BatchNormShape norm = new BatchNormShape(2, 2, 1e-5f, false);
      assertRefused(
          "scale", () -> device.batchNormInference(norm, large, small, small, small, small, large));
    }
  }

  @Test
  void constantsOutOfRangeAreRefusedByTheKernels() {
    try (Tensor tensor = device.tensor(3);
        Tensor other = device.tensor(3)) {
      assertRefused("velocity", () -> device.sgdStep(1, 0.5f, false, 0, tensor, null, other));
      assertRefused(
          "step",
          () ->
              device.adamStep(
                  new AdamStep(1, 0.9f, 0.9f, 1e-8f, 0, false, 0), tensor, tensor, tensor, other));
      assertRefused("epsilon", () -> new BatchNormShape(1, 1, 0, false));
      assertRefused("images", () -> pooling(new ImageShape(2, 2, 1), 1).withImages(-1));
    }
  }

  @Test
  void nullTensorsAreNamed() {
    try (Tensor tensor = device.tensor(4)) {
      assertRefused("input", () -> device.reluForward(null, tensor));
      assertRefused("output", () -> device.reluForward(tensor, null));
      assertRefused("shape", () -> device.maxPoolForward(null, tensor, tensor));
      assertRefused("parameter", () -> device.sgdStep(1, 0, false, 0, tensor, null, null));
      assertRefused("other", () -> tensor.copyFrom(null));
    }
  }

  @Test
  void closedTensorsAreNamed() {
    Tensor closed = device.tensor(4);
    closed.close();
    try (Tensor tensor = device.tensor(4)) {
      assertThatThrownBy(() -> device.reluForward(tensor, closed))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("output [4] is closed");
      assertClosed(() -> device.reluForward(closed, tensor));
      assertClosed(() -> tensor.copyFrom(closed));
      assertClosed(() -> closed.copyFrom(tensor));
    }
  }

  @Test
  void tensorsOfAnotherDeviceAreRefused() {
    try (Device other = kind.open(1);
        Tensor foreign = other.tensor(4);
        Tensor tensor = device.tensor(4)) {
      assertRefused("output must be on this device", () -> device.reluForward(tensor, foreign));
      assertRefused("other must be on this device", () -> tensor.copyFrom(foreign));
    }
  }

  @Test
  void emptyTensorsAreNoError() {
    try (Tensor empty = device.tensor(0, 3);
        Tensor row = device.tensor(3)) {
      device.reluForward(empty, empty);
      device.addToRows(row, empty);
      row.fill(1);
      device.columnSums(empty, row);
      assertThat(row.download()).containsOnly(0);
      assertThat(empty.download()).isEmpty();
    }
  }

  @Test
  void sumsOverNothingAreZero() {
    ConvolutionShape convolution = new ConvolutionShape(0, new ImageShape(2, 2, 1), 1, 2, 1, 0);
    try (Tensor empty = device.tensor(0);
        Tensor sum = device.tensor(4)) {
      sum.fill(7);
      device.matrixProduct(false, true, 2, 2, 0, empty, empty, true, sum);
      assertThat(sum.download()).containsOnly(7);
      device.matrixProduct(false, true, 2, 2, 0, empty, empty, false, sum);
      assertThat(sum.download()).containsOnly(0);
      device.matrixProduct(true, false, 0, 2, 2, empty, sum, false, empty);
      sum.fill(7);
      device.convolutionForward(convolution, empty, sum, null, empty);
      device.convolutionBackwardInput(convolution, empty, sum, empty);
      device.convolutionBackwardWeights(convolution, empty, empty, sum);
      assertThat(sum.download()).containsOnly(0);
    }
  }

  @Test
  void operationsOfManyThreadsTakeTurnsAndSurviveClosing() throws InterruptedException {
    Tensor shared = device.tensor(1000);
    Thread[] threads = new Thread[3];
    for (int i = 0; i < threads.length; i++) {
      threads[i] =
          new Thread(
              () -> {
                try (Tensor own = device.tensor(1000)) {
                  while (true) {
                    device.linearCombination(1, shared, 1, own, own);
                  }
                } catch (IllegalStateException closed) {
                  // what the test waits for
                }
              });
      threads[i].start();
    }
    Thread.sleep(50);
    shared.close();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(device.openTensors()).isZero();
  }

  private static PoolingShape pooling(ImageShape input, int kernel) {
    return new PoolingShape(1, input, kernel, kernel, 0);
  }

  private static void assertRefused(String message, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  private static void assertClosed(Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }
}
