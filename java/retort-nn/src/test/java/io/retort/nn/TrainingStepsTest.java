package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks learn, and learn the same on any number of threads. */
class TrainingStepsTest {
  private static final ImageShape IMAGE = Bars.IMAGE;

  @ParameterizedTest
  @ValueSource(strings = {"mlp-33-17", "cnn-5-8-19", "cnnbn-5-8-19", "resnet-8", "wrn-10-2"})
  void threadsDoNotChangeABit(String architecture) {
    float[] values = valuesAfterSteps(architecture, 1);
    assertThat(valuesAfterSteps(architecture, 2)).isEqualTo(values);
    assertThat(valuesAfterSteps(architecture, 3)).isEqualTo(values);
  }

  private static float[] valuesAfterSteps(String architecture, int threads) {
    try (Device device = Device.open(DeviceKind.CPU, threads);
        Network network = Architecture.parse(architecture).create(device, IMAGE, 3, 1);
        Optimizer optimizer = Optimizer.sgd(network, 0.9f, true, 5e-4f);
        BarsTrainer trainer = new BarsTrainer(network, optimizer)) {
      for (int step = 0; step < 3; step++) {
        trainer.step(new Bars(37, step), 0.1f);
      }
      return network.values().download();
    }
  }

  @ParameterizedTest
  @CsvSource({"cnn-4-8-16, 120", "cnnbn-4-8-16, 60", "mlp-32, 60", "resnet-8, 30", "wrn-10-1, 30"})
  void barsAreToldApart(String architecture, int steps) {
    try (Device device = Device.open(DeviceKind.CPU, 2);
        Network network = Architecture.parse(architecture).create(device, IMAGE, 3, 1);
        Optimizer optimizer = Optimizer.adam(network, 0);
        BarsTrainer trainer = new BarsTrainer(network, optimizer)) {
      Bars unseen = new Bars(200, 1000);
      double before = trainer.accuracy(unseen);
      for (int step = 0; step < steps; step++) {
        trainer.step(new Bars(64, step), Schedule.cosine(0.02f, 0.1).at(step, steps));
      }
      assertThat(before).isLessThan(0.7);
      assertThat(trainer.accuracy(unseen)).isGreaterThan(0.95);
    }
  }

  @Test
  void theLossOfOneBatchFallsStepByStep() {
    try (Device device = Device.open(DeviceKind.CPU, 2);
        Network network = Architecture.parse("wrn-10-1").create(device, IMAGE, 3, 1);
        Optimizer optimizer = Optimizer.sgd(network, 0, false, 0);
        BarsTrainer trainer = new BarsTrainer(network, optimizer)) {
      Bars batch = new Bars(64, 5);
      double last = Double.POSITIVE_INFINITY;
      for (int step = 0; step < 5; step++) {
        double loss = trainer.step(batch, 0.02f);
        assertThat(loss).isLessThan(last);
        last = loss;
      }
    }
  }
}
