package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArchitectureTest {
  private static final ImageShape CIFAR = new ImageShape(32, 32, 3);
  private static final ImageShape FASHION = new ImageShape(28, 28, 1);

  private final Device device = Device.open(DeviceKind.CPU, 2);

  @AfterEach
  void everythingIsFreed() {
    device.close();
  }

  /**
   * He et al. publish 0.27 M and 0.85 M for resnet-20 and -56; Zagoruyko and Komodakis publish 0.7
   * M for wrn-16-2 and 2.2 M for wrn-40-2.
   */
  @ParameterizedTest
  @CsvSource({
    "resnet-20, 272474",
    "resnet-56, 855770",
    "wrn-16-2, 691674",
    "wrn-40-2, 2243546",
    "mlp-256-128, 820874",
    "cnn-16-32-128, 268650",
    "cnnbn-16-32-128, 268826",
    "mean-3-of-resnet-20, 817422"
  })
  void parametersNumberAsPublishedForCifar(String name, long count) {
    try (Network network = Architecture.parse(name).create(device, CIFAR, 10, 0)) {
      assertThat(network.parameterCount()).isEqualTo(count);
      assertThat(network.values().size()).isEqualTo(count);
      assertThat(network.parameters().stream().mapToLong(Parameter::size).sum()).isEqualTo(count);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mlp-8",
        "cnn-4-8",
        "cnnbn-4-6-8",
        "resnet-8",
        "resnet-14",
        "wrn-10-1",
        "wrn-16-2",
        "mean-2-of-cnnbn-4-8"
      })
  void imagesOfDifferentSizesBecomeFiniteLogits(String name) {
    for (ImageShape image :
        List.of(FASHION, CIFAR, new ImageShape(9, 14, 2), new ImageShape(4, 4, 1))) {
      try (Network network = Architecture.parse(name).create(device, image, 7, 1);
          Tensor images = device.tensor(3, image.height(), image.width(), image.channels())) {
        images.upload(RandomArrays.normal(images.size(), 2));
        for (Mode mode : Mode.values()) {
          Tensor logits = network.forward(images, mode);
          assertThat(logits.shape()).containsExactly(3, 7);
          for (float logit : logits.download()) {
            assertThat(Math.abs(logit)).isLessThan(100);
          }
        }
      }
    }
  }

  @Test
  void namesOfParametersAreStable() {
    try (Network network = Architecture.parse("resnet-8").create(device, FASHION, 10, 0)) {
      assertThat(network.parameters())
          .extracting(Parameter::name)
          .startsWith(
              "conv1.weights",
              "norm1.scale",
              "norm1.shift",
              "stage1.block1.conv1.weights",
              "stage1.block1.norm1.scale",
              "stage1.block1.norm1.shift",
              "stage1.block1.conv2.weights")
          .contains("stage2.block1.shortcut.conv.weights", "stage2.block1.shortcut.norm.scale")
          .endsWith("classifier.weights", "classifier.bias")
          .doesNotHaveDuplicates();
      assertThat(network.buffers())
          .extracting(Parameter::name)
          .startsWith("norm1.running_mean", "norm1.running_variance");
    }
    try (Network network = Architecture.parse("cnnbn-4-8").create(device, FASHION, 10, 0)) {
      assertThat(network.parameters())
          .extracting(Parameter::name)
          .containsExactly(
              "conv1.weights",
              "norm1.scale",
              "norm1.shift",
              "hidden.weights",
              "norm2.scale",
              "norm2.shift",
              "classifier.weights",
              "classifier.bias");
    }
    try (Network network = Architecture.parse("wrn-10-1").create(device, FASHION, 10, 0)) {
      assertThat(network.parameters())
          .extracting(Parameter::name)
          .startsWith(
              "conv1.weights",
              "stage1.block1.norm1.scale",
              "stage1.block1.norm1.shift",
              "stage1.block1.conv1.weights")
          .contains("stage2.block1.shortcut.conv.weights", "norm.scale");
    }
  }

  /** Bounds of five standard errors of a normal sample's mean and deviation. */
  @Test
  void firstWeightsHaveTheVarianceOfHeAndLeCun() {
    try (Network network = Architecture.parse("wrn-16-2").create(device, CIFAR, 10, 42)) {
      for (Parameter parameter : network.parameters()) {
        float[] values = parameter.value().download();
        long[] shape = parameter.shape();
        if (!parameter.name().endsWith(".weights")) {
          float expected = parameter.name().endsWith(".scale") ? 1 : 0;
          assertThat(values).containsOnly(expected);
          continue;
        }
        double gain = shape.length == 4 ? 2 : 1;
        double deviation = Math.sqrt(gain * shape[0] / parameter.size());
        double[] moments = moments(values);
        assertThat(moments[0])
            .as("mean of %s", parameter.name())
            .isCloseTo(0, within(5 * deviation / Math.sqrt(values.length)));
        assertThat(moments[1])
            .as("deviation of %s", parameter.name())
            .isCloseTo(deviation, within(5 * deviation / Math.sqrt(2.0 * values.length)));
      }
      for (Parameter buffer : network.buffers()) {
        float expected = buffer.name().endsWith("variance") ? 1 : 0;
        assertThat(buffer.value().download()).containsOnly(expected);
      }
    }
  }

  /** Means of three, exact to the rounding of two sums and a product. */
  @Test
  void logitsOfAMeanAreTheMeanOfItsNetworks() {
    Architecture member = Architecture.parse("cnnbn-4-8");
    Architecture mean = Architecture.parse("mean-3-of-cnnbn-4-8");
    try (Network together = mean.create(device, FASHION, 10, 3);
        Network alone = member.create(device, FASHION, 10, 3);
        Tensor images = device.tensor(5, 28, 28, 1)) {
      images.upload(RandomArrays.normal(images.size(), 2));
      float[] expected = new float[50];
      for (int i = 0; i < 3; i++) {
        long size = alone.parameterCount();
        alone.values().copyFrom(together.values().view(i * size, size));
        float[] logits = alone.forward(images, Mode.INFERENCE).download();
        for (int j = 0; j < expected.length; j++) {
          expected[j] += logits[j] / 3;
        }
      }
      float[] logits = together.forward(images, Mode.INFERENCE).download();
      for (int j = 0; j < expected.length; j++) {
        assertThat(logits[j]).isCloseTo(expected[j], within(1e-6f * (1 + Math.abs(expected[j]))));
      }
      assertThat(together.parameters())
          .extracting(Parameter::name)
          .startsWith("network1.conv1.weights", "network1.norm1.scale")
          .contains("network3.classifier.bias");
    }
  }

  private static double[] moments(float[] values) {
    double sum = 0;
    double squares = 0;
    for (float value : values) {
      sum += value;
      squares += (double) value * value;
    }
    double mean = sum / values.length;
    return new double[] {mean, Math.sqrt(squares / values.length - mean * mean)};
  }

  @Test
  void theSeedDecidesTheFirstValuesAndThreadsDoNot() {
    float[] values = firstValues(device, 5);
    assertThat(firstValues(device, 5)).isEqualTo(values);
    assertThat(firstValues(device, 6)).isNotEqualTo(values);
    try (Device other = Device.open(DeviceKind.CPU, 3)) {
      assertThat(firstValues(other, 5)).isEqualTo(values);
    }
  }

  private static float[] firstValues(Device device, long seed) {
    try (Network network = Architecture.parse("resnet-8").create(device, FASHION, 10, seed)) {
      return network.values().download();
    }
  }

  @Test
  void parametersDrawFromStreamsOfTheirOwn() {
    try (Network network = Architecture.parse("resnet-14").create(device, FASHION, 10, 5)) {
      List<float[]> first = new ArrayList<>();
      for (Parameter parameter : network.parameters()) {
        if (parameter.name().matches("stage1.*conv.*")) {
          first.add(parameter.value().download());
        }
      }
      assertThat(first).hasSize(4).doesNotHaveDuplicates();
    }
  }

  @Test
  void networksOfOneNameDrawTheSameForTheSamePlace() {
    try (Network narrow = Architecture.parse("cnn-4-8").create(device, FASHION, 10, 5);
        Network wide = Architecture.parse("cnn-4-9").create(device, FASHION, 10, 5)) {
      assertThat(narrow.parameters().get(0).value().download())
          .isEqualTo(wide.parameters().get(0).value().download());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "mlp",
        "mlp-",
        "mlp-0",
        "mlp-1x",
        "cnn-16",
        "cnnbn-8",
        "resnet-21",
        "resnet-2",
        "resnet-20-2",
        "wrn-16",
        "wrn-17-2",
        "wrn-4-2",
        "vgg-16",
        "MLP-3",
        "mlp--3",
        "mlp-999999",
        "mlp-3 ",
        "mean-0-of-mlp-3",
        "mean-2-of-",
        "mean-2-mlp-3",
        "resnet-20\n"
      })
  void unknownNamesAreRefusedWithAnExample(String name) {
    assertThatThrownBy(() -> Architecture.parse(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("architecture")
        .hasMessageContaining(name);
  }

  @Test
  void imagesTooSmallAreRefused() {
    assertThatThrownBy(
            () -> Architecture.parse("cnn-4-4-4-8").create(device, new ImageShape(7, 9, 1), 2, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("input must be at least 8 x 8")
        .hasMessageContaining("7 x 9");
    assertThatThrownBy(() -> Architecture.parse("mlp-3").create(device, FASHION, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("classes");
    assertThat(device.allocatedBytes()).isZero();
  }
}
