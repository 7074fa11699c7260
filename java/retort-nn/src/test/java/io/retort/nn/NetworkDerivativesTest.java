package io.retort.nn;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole networks' backward pass and tangent are their derivative, parameter by parameter. */
@OnEveryDevice
class NetworkDerivativesTest {
  private static final ImageShape IMAGE = new ImageShape(6, 6, 2);
  private static final int ROWS = 5;

  /** Enough for kernels that are emulated a hundred times slower: every kind of layer. */
  private static final Set<String> FEW = Set.of("mlp-12-7", "cnn-3-4-9", "cnnbn-3-4-9");

  private final TestDevice kind;
  private final Device device;

  NetworkDerivativesTest(TestDevice kind) {
    this.kind = kind;
    this.device = kind.open(1);
  }

  @AfterEach
  void everythingIsFreed() {
    device.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mlp-12-7",
        "cnn-3-4-9",
        "cnnbn-3-4-9",
        "resnet-8",
        "wrn-10-1",
        "wrn-10-2",
        "mean-3-of-cnnbn-3-4-9"
      })
  void backwardAndTangentAgreeWithDifferences(String name) {
    assumeTrue(!kind.isEmulated() || FEW.contains(name));
    Layer layers = Architecture.parse(name).layers(device, IMAGE, 5);
    float[] images = RandomArrays.normal(ROWS * IMAGE.size(), 21);
    try (Derivatives derivatives = new Derivatives(device, layers, images, ROWS, 6, 6, 2)) {
      derivatives.check(2e-4, 16, 3e-2);
    }
  }
}
