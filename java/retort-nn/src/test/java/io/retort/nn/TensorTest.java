package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tensors own their memory, views share it, and neither is used after it is closed. */
@OnEveryDevice
class TensorTest {
  private final Device device;

  TensorTest(TestDevice kind) {
    device = kind.open(1);
  }

  @AfterEach
  void everythingIsFreed() {
    device.close();
  }

  @Test
  void newTensorsAreZero() {
    try (Tensor tensor = device.tensor(3, 4);
        IntTensor integers = device.integers(5)) {
      assertThat(tensor.shape()).containsExactly(3, 4);
      assertThat(tensor.size()).isEqualTo(12);
      assertThat(tensor.download()).hasSize(12).containsOnly(0);
      assertThat(integers.download()).hasSize(5).containsOnly(0);
    }
  }

  @Test
  void theDeviceCountsOpenTensorsAndBytes() {
    Tensor tensor = device.tensor(3, 4);
    IntTensor integers = device.integers(5);
    tensor.view(0, 2);
    assertThat(device.openTensors()).isEqualTo(2);
    assertThat(device.allocatedBytes()).isEqualTo(4 * (12 + 5));
    tensor.close();
    tensor.close();
    assertThat(device.allocatedBytes()).isEqualTo(4 * 5);
    integers.close();
    assertThat(device.openTensors()).isZero();
    assertThat(device.allocatedBytes()).isZero();
  }

  @Test
  void valuesGoUpAndDown() {
    try (Tensor tensor = device.tensor(2, 3);
        IntTensor integers = device.integers(3)) {
      tensor.upload(new float[] {1, 2, 3, 4, 5, 6});
      assertThat(tensor.download()).containsExactly(1, 2, 3, 4, 5, 6);
      integers.upload(new int[] {7, 8, 9});
      integers.upload(new int[] {1, 2, 3}, 2);
      assertThat(integers.download()).containsExactly(1, 2, 9);
    }
  }

  @Test
  void directBuffersGoUpFromTheirPosition() {
    FloatBuffer buffer = direct(8);
    buffer.put(new float[] {0, 1, 2, 3, 4, 5, 6, 7}).position(2);
    try (Tensor tensor = device.tensor(4)) {
      tensor.fill(-1);
      tensor.upload(buffer, 3);
      assertThat(tensor.download()).containsExactly(2, 3, 4, -1);
      assertThat(buffer.position()).isEqualTo(2);
    }
  }

  @Test
  void buffersThatDoNotFitAreRefused() {
    try (Tensor tensor = device.tensor(4)) {
      assertRefused("elements", () -> tensor.upload(direct(3), 4));
      assertRefused("elements", () -> tensor.upload(direct(9), 5));
      assertRefused("elements", () -> tensor.upload(direct(9), -1));
      assertRefused("values", () -> tensor.upload(FloatBuffer.allocate(4), 4));
      assertRefused("values", () -> tensor.upload(null, 4));
      FloatBuffer swapped =
          ByteBuffer.allocateDirect(16)
              .order(
                  ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN
                      ? ByteOrder.LITTLE_ENDIAN
                      : ByteOrder.BIG_ENDIAN)
              .asFloatBuffer();
      assertRefused("values", () -> tensor.upload(swapped, 4));
    }
  }

  @Test
  void arraysOfAnotherLengthAreRefused() {
    try (Tensor tensor = device.tensor(4);
        IntTensor integers = device.integers(4)) {
      assertRefused("values must have 4 elements, got 3", () -> tensor.upload(new float[3]));
      assertRefused("into must have 4 elements, got 5", () -> tensor.download(new float[5]));
      assertRefused("values", () -> tensor.upload(null));
      assertRefused("values", () -> integers.upload(new int[5]));
      assertRefused("elements", () -> integers.upload(new int[3], 4));
      assertRefused("elements", () -> integers.upload(new int[9], 5));
    }
  }

  @Test
  void sizesThatMakeNoSenseAreRefused() {
    assertRefused("shape", () -> device.tensor(2, -1));
    assertRefused("shape", () -> device.tensor(1L << 40, 1L << 40));
    assertRefused("size", () -> device.integers(-1));
    assertThatThrownBy(() -> device.tensor(Long.MAX_VALUE / 2))
        .hasMessageContaining("out of memory");
    assertThatThrownBy(() -> device.tensor(1L << 60)).hasMessageContaining("out of memory");
    assertThat(device.allocatedBytes()).isZero();
  }

  @Test
  void viewsShareMemory() {
    try (Tensor tensor = device.tensor(3, 4)) {
      Tensor row = tensor.view(4, 4);
      row.fill(2);
      row.view(1, 2).upload(new float[] {7, 8});
      assertThat(tensor.download()).containsExactly(0, 0, 0, 0, 2, 7, 8, 2, 0, 0, 0, 0);
      assertThat(tensor.firstRows(2).shape()).containsExactly(2, 4);
      row.close();
      assertThat(tensor.download()[5]).isEqualTo(7);
    }
    try (IntTensor integers = device.integers(4)) {
      integers.view(1, 2).upload(new int[] {5, 6});
      assertThat(integers.download()).containsExactly(0, 5, 6, 0);
    }
  }

  @Test
  void viewsThatLeaveTheTensorAreRefused() {
    try (Tensor tensor = device.tensor(3, 4);
        IntTensor integers = device.integers(4)) {
      assertRefused("offset", () -> tensor.view(9, 4));
      assertRefused("offset", () -> tensor.view(-1, 4));
      assertRefused("offset", () -> tensor.view(0, 13));
      assertRefused("offset", () -> tensor.view(Long.MAX_VALUE, 4));
      assertRefused("shape", () -> tensor.view(0, -1));
      assertRefused("rows", () -> tensor.firstRows(4));
      assertRefused("offset", () -> integers.view(3, 2));
      assertRefused("size", () -> integers.view(0, -1));
    }
  }

  @Test
  void nothingIsUsedAfterItsOwnerIsClosed() {
    Tensor tensor = device.tensor(4);
    Tensor view = tensor.view(0, 2);
    IntTensor integers = device.integers(2);
    IntTensor integerView = integers.view(0, 1);
    tensor.close();
    integers.close();
    assertClosed("tensor [4]", tensor::download);
    assertClosed("tensor [4]", () -> tensor.upload(new float[4]));
    assertClosed("tensor [4]", () -> tensor.upload(direct(4), 4));
    assertClosed("tensor [4]", () -> tensor.fill(1));
    assertClosed("tensor [4]", () -> tensor.view(0, 1));
    assertClosed("tensor [2]", view::download);
    assertClosed("tensor [2]", () -> view.fill(1));
    assertClosed("tensor [2]", integers::download);
    assertClosed("tensor [1]", () -> integerView.upload(new int[1]));
    assertThatCode(view::close).doesNotThrowAnyException();
  }

  @Test
  void copyAndFillReachEveryElement() {
    for (int size : new int[] {0, 1, 2, 3, 64, 1000}) {
      try (Tensor tensor = device.tensor(size);
          Tensor copy = device.tensor(1, size)) {
        tensor.fill(3);
        copy.copyFrom(tensor);
        assertThat(copy.download()).hasSize(size);
        for (float value : copy.download()) {
          assertThat(value).isEqualTo(3);
        }
        assertRefused("other must have " + size, () -> copy.copyFrom(tensorOf(size + 1)));
      }
    }
  }

  private Tensor tensorOf(int size) {
    try (Tensor tensor = device.tensor(size)) {
      return tensor;
    }
  }

  private static FloatBuffer direct(int size) {
    return ByteBuffer.allocateDirect(4 * size).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  private static void assertRefused(String message, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  private static void assertClosed(String what, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(what + " is closed");
  }
}
