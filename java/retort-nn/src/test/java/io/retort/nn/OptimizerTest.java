package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Steps are those of the papers, as plain loops in double precision make them. */
@OnEveryDevice
class OptimizerTest {
  private static final float[] RATES = {0.1f, 0.05f, 0.2f, 0.01f};

  private final Device device;

  OptimizerTest(TestDevice kind) {
    device = kind.open(2);
  }

  private Network network;
  private double[] parameter;

  @BeforeEach
  void createNetwork() {
    network = Architecture.parse("mlp-6").create(device, new ImageShape(3, 3, 1), 4, 3);
    parameter = doubles(network.values().download());
  }

  @AfterEach
  void everythingIsFreed() {
    network.close();
    device.close();
  }

  @Test
  void sgdWithMomentum() {
    checkSgd(0.9f, false, 0.01f);
  }

  @Test
  void sgdWithNesterovMomentum() {
    checkSgd(0.8f, true, 0.01f);
  }

  @Test
  void sgdWithoutMomentumHasNoState() {
    checkSgd(0, false, 0.1f);
    try (Optimizer optimizer = Optimizer.sgd(network, 0, false, 0)) {
      assertThat(optimizer.state()).isEmpty();
    }
  }

  private void checkSgd(float momentum, boolean nesterov, float weightDecay) {
    double[] velocity = new double[parameter.length];
    try (Optimizer optimizer = Optimizer.sgd(network, momentum, nesterov, weightDecay)) {
      for (int step = 0; step < RATES.length; step++) {
        double[] gradient = gradient(step);
        for (int i = 0; i < parameter.length; i++) {
          double g = gradient[i] + weightDecay * parameter[i];
          velocity[i] = momentum * velocity[i] + g;
          parameter[i] -= RATES[step] * (nesterov ? g + momentum * velocity[i] : velocity[i]);
        }
        optimizer.step(RATES[step]);
      }
      assertParameters();
    }
  }

  @Test
  void adam() {
    checkAdam(false, 0.05f, 0);
  }

  @Test
  void adamW() {
    checkAdam(true, 0.05f, 0);
  }

  @Test
  void restoredStepsCorrectTheBiasOfTheMoments() {
    checkAdam(false, 0, 7);
  }

  private void checkAdam(boolean decoupled, float weightDecay, int before) {
    double[] first = new double[parameter.length];
    double[] second = new double[parameter.length];
    try (Optimizer optimizer =
        decoupled ? Optimizer.adamW(network, weightDecay) : Optimizer.adam(network, weightDecay)) {
      optimizer.restoreSteps(before);
      for (int step = 0; step < RATES.length; step++) {
        double[] gradient = gradient(step);
        double rate = RATES[step];
        int number = before + step + 1;
        for (int i = 0; i < parameter.length; i++) {
          double g = gradient[i] + (decoupled ? 0 : weightDecay * parameter[i]);
          parameter[i] -= decoupled ? rate * weightDecay * parameter[i] : 0;
          first[i] = 0.9 * first[i] + 0.1 * g;
          second[i] = 0.999 * second[i] + 0.001 * g * g;
          double m = first[i] / (1 - Math.pow(0.9, number));
          double v = second[i] / (1 - Math.pow(0.999, number));
          parameter[i] -= rate * m / (Math.sqrt(v) + 1e-8);
        }
        optimizer.step(RATES[step]);
      }
      assertThat(optimizer.steps()).isEqualTo(before + RATES.length);
      assertThat(optimizer.state()).containsOnlyKeys("first_moment", "second_moment");
      assertParameters();
    }
  }

  /** Uploads a gradient that changes from step to step. */
  private double[] gradient(int step) {
    float[] gradient = RandomArrays.normal(parameter.length, 100 + step);
    network.gradients().upload(gradient);
    return doubles(gradient);
  }

  private void assertParameters() {
    float[] actual = network.values().download();
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i]).as("element %d", i).isCloseTo(parameter[i], within(1e-5));
    }
  }

  private static double[] doubles(float[] values) {
    double[] result = new double[values.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = values[i];
    }
    return result;
  }

  @Test
  void stateIsWrittenInPlace() {
    try (Optimizer optimizer = Optimizer.sgd(network, 0.5f, false, 0)) {
      Tensor velocity = optimizer.state().get("velocity");
      velocity.fill(1);
      network.gradients().fill(0);
      optimizer.step(1);
      float[] values = network.values().download();
      for (int i = 0; i < values.length; i++) {
        assertThat((double) values[i]).isCloseTo(parameter[i] - 0.5, within(1e-6));
      }
    }
  }

  @Test
  void argumentsOutOfRangeAreNamed() {
    assertRefused("momentum", () -> Optimizer.sgd(network, 1, false, 0));
    assertRefused("momentum", () -> Optimizer.sgd(network, 0, true, 0));
    assertRefused("weightDecay", () -> Optimizer.sgd(network, 0.9f, true, -1));
    assertRefused("weightDecay", () -> Optimizer.adam(network, Float.NaN));
    assertRefused("network", () -> Optimizer.adamW(null, 0));
    try (Optimizer optimizer = Optimizer.adam(network, 0)) {
      assertRefused("learningRate", () -> optimizer.step(Float.POSITIVE_INFINITY));
      assertRefused("learningRate", () -> optimizer.step(-1));
      assertRefused("steps", () -> optimizer.restoreSteps(-1));
    }
  }

  @Test
  void aClosedOptimizerDoesNotStep() {
    Optimizer optimizer = Optimizer.sgd(network, 0, false, 0);
    optimizer.close();
    assertThatThrownBy(() -> optimizer.step(1)).isInstanceOf(IllegalStateException.class);
  }

  private static void assertRefused(String argument, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(argument);
  }
}
