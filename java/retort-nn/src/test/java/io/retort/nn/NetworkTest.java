package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Networks refuse what does not fit and free what they allocated. */
@OnEveryDevice
class NetworkTest {
  private static final ImageShape IMAGE = new ImageShape(8, 8, 1);

  private final TestDevice kind;
  private final Device device;

  NetworkTest(TestDevice kind) {
    this.kind = kind;
    this.device = kind.open(2);
  }

  @AfterEach
  void everythingIsFreed() {
    device.close();
  }

  private Network network(String name) {
    return Architecture.parse(name).create(device, IMAGE, 4, 0);
  }

  @Test
  void closingFreesEverything() {
    for (String name : List.of("mlp-5", "cnn-3-5", "cnnbn-3-5", "resnet-8", "wrn-10-1")) {
      try (Tensor images = device.tensor(3, 8, 8, 1);
          Tensor gradient = device.tensor(3, 4)) {
        Network network = network(name);
        Optimizer optimizer = Optimizer.adam(network, 0);
        network.forward(images, Mode.TRAINING);
        network.backward(gradient);
        network.tangents().fill(1);
        network.tangent();
        optimizer.step(0.1f);
        optimizer.close();
        network.close();
        network.close();
        assertThat(device.openTensors()).as(name).isEqualTo(2);
      }
    }
    assertThat(device.allocatedBytes()).isZero();
  }

  @Test
  void stepsAllocateNothingAfterTheFirst() {
    try (Network network = network("resnet-8");
        Tensor images = device.tensor(5, 8, 8, 1);
        Tensor gradient = device.tensor(5, 4)) {
      network.forward(images, Mode.TRAINING);
      network.backward(gradient);
      long bytes = device.allocatedBytes();
      for (long rows : new long[] {5, 2, 5, 1}) {
        network.forward(images.firstRows(rows), Mode.TRAINING);
        network.backward(gradient.firstRows(rows));
        assertThat(device.allocatedBytes()).isEqualTo(bytes);
      }
    }
  }

  @Test
  void gradientsAndTangentsAreAllocatedOnFirstUseOnly() {
    try (Network network = network("mlp-5")) {
      assertThat(device.allocatedBytes()).isEqualTo(4 * network.parameterCount());
      network.gradients();
      assertThat(device.allocatedBytes()).isEqualTo(8 * network.parameterCount());
      network.tangents();
      network.tangents();
      assertThat(device.allocatedBytes()).isEqualTo(12 * network.parameterCount());
    }
  }

  @Test
  void parametersAreViewsOfTheFlatVectors() {
    try (Network network = network("mlp-5")) {
      Parameter last = network.parameters().get(network.parameters().size() - 1);
      assertThat(last.name()).isEqualTo("classifier.bias");
      last.value().fill(7);
      last.gradient().fill(8);
      float[] values = network.values().download();
      float[] gradients = network.gradients().download();
      assertThat(values[values.length - 1]).isEqualTo(7);
      assertThat(values[values.length - 5]).isNotEqualTo(7);
      assertThat(gradients[gradients.length - 4]).isEqualTo(8);
      assertThat(gradients[gradients.length - 5]).isZero();
    }
  }

  @Test
  void inferenceDoesNotChangeRunningStatistics() {
    try (Network network = network("cnnbn-3-5");
        Tensor images = device.tensor(3, 8, 8, 1)) {
      images.upload(RandomArrays.normal(images.size(), 1));
      float[] before = network.bufferValues().download();
      network.forward(images, Mode.INFERENCE);
      assertThat(network.bufferValues().download()).isEqualTo(before);
      network.forward(images, Mode.TRAINING);
      assertThat(network.bufferValues().download()).isNotEqualTo(before);
    }
  }

  @Test
  void anEmptyBatchHasNoLogits() {
    for (String name : List.of("mlp-5", "cnn-3-5", "cnnbn-3-5", "resnet-8")) {
      try (Network network = network(name);
          Tensor images = device.tensor(0, 8, 8, 1)) {
        assertThat(network.forward(images, Mode.INFERENCE).shape()).containsExactly(0, 4);
      }
    }
  }

  @Test
  void imagesOfAnotherShapeAreRefused() {
    try (Network network = network("cnn-3-5");
        Tensor wide = device.tensor(2, 8, 9, 1);
        Tensor flat = device.tensor(2, 64)) {
      assertRefused(
          "images must be [rows, 8, 8, 1], got [2, 8, 9, 1]",
          () -> network.forward(wide, Mode.TRAINING));
      assertRefused("images", () -> network.forward(flat, Mode.TRAINING));
      assertRefused("images", () -> network.forward(null, Mode.TRAINING));
      assertRefused("mode", () -> network.forward(wide.view(0, 2, 8, 8, 1), null));
    }
  }

  @Test
  void gradientsOfAnotherShapeAreRefused() {
    for (String name : List.of("mlp-5", "resnet-8")) {
      try (Network network = network(name);
          Tensor images = device.tensor(2, 8, 8, 1);
          Tensor gradient = device.tensor(3, 4)) {
        network.forward(images, Mode.TRAINING);
        assertRefused(
            "classifier: outputGradient must be [2, 4], got [3, 4]",
            () -> network.backward(gradient));
        assertRefused("logitsGradient", () -> network.backward(null));
      }
    }
  }

  @Test
  void imagesOfAnotherDeviceAreRefused() {
    try (Network network = network("mlp-5");
        Device other = kind.open(1);
        Tensor images = other.tensor(2, 8, 8, 1)) {
      assertRefused("images", () -> network.forward(images, Mode.INFERENCE));
    }
  }

  @Test
  void backwardAndTangentNeedAForwardPassInTrainingMode() {
    for (String name : List.of("mlp-5", "cnnbn-3-5", "resnet-8", "wrn-10-1")) {
      try (Network network = network(name);
          Tensor images = device.tensor(2, 8, 8, 1);
          Tensor gradient = device.tensor(2, 4)) {
        assertState("training mode", () -> network.backward(gradient));
        assertState("training mode", network::tangent);
        network.forward(images, Mode.TRAINING);
        network.forward(images, Mode.INFERENCE);
        assertState("training mode", () -> network.backward(gradient));
        assertState("training mode", network::tangent);
      }
    }
  }

  @Test
  void imagesClosedBeforeTheBackwardPassAreNamed() {
    try (Network network = network("mlp-5");
        Tensor gradient = device.tensor(2, 4)) {
      try (Tensor images = device.tensor(2, 8, 8, 1)) {
        network.forward(images, Mode.TRAINING);
      }
      assertState("closed", () -> network.backward(gradient));
    }
  }

  @Test
  void aClosedNetworkDoesNothing() {
    Network network = network("mlp-5");
    network.close();
    try (Tensor images = device.tensor(2, 8, 8, 1)) {
      assertState("network mlp-5 is closed", () -> network.forward(images, Mode.INFERENCE));
      assertState("network mlp-5 is closed", () -> network.backward(images));
      assertState("closed", () -> network.values().download());
      assertState("closed", network::gradients);
      assertState("closed", () -> network.parameters().get(0).value().download());
    }
  }

  @Test
  void parametersHaveMemoryOnceOnly() {
    Linear linear = new Linear(device, "l", 2, 2, true, Initialization.heNormal(2));
    try (Tensor rows = device.tensor(1, 2)) {
      assertState("l.weights has no memory", () -> linear.forward(rows, Mode.INFERENCE));
      try (ParameterVector vector = new ParameterVector(device, linear.parameters())) {
        assertThat(vector.size()).isEqualTo(6);
        assertState("already", () -> new ParameterVector(device, linear.parameters()));
      }
    }
    linear.close();
    Linear twin = new Linear(device, "l", 2, 2, true, Initialization.heNormal(2));
    Linear other = new Linear(device, "l", 2, 2, true, Initialization.heNormal(2));
    assertRefused(
        "l.weights",
        () -> new ParameterVector(device, new Sequential("s", List.of(twin, other)).parameters()));
  }

  private static void assertRefused(String message, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  private static void assertState(String message, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(message);
  }
}
