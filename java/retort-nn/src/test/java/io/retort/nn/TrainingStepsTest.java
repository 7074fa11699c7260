package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.kernels.DistillationLoss;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks learn, and learn the same on any number of threads. */
class TrainingStepsTest {
  private static final ImageShape IMAGE = new ImageShape(8, 8, 1);

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
        Trainer trainer = new Trainer(network, optimizer)) {
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
        Trainer trainer = new Trainer(network, optimizer)) {
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
        Trainer trainer = new Trainer(network, optimizer)) {
      Bars batch = new Bars(64, 5);
      double last = Double.POSITIVE_INFINITY;
      for (int step = 0; step < 5; step++) {
        double loss = trainer.step(batch, 0.02f);
        assertThat(loss).isLessThan(last);
        last = loss;
      }
    }
  }

  /** Noisy images with a bright row, a bright column, or neither. */
  private static final class Bars {
    final float[] images;
    final int[] labels;

    Bars(int rows, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      images = RandomArrays.normal(rows * IMAGE.size(), seed + 77);
      labels = new int[rows];
      for (int row = 0; row < rows; row++) {
        labels[row] = random.nextInt(3);
        int place = random.nextInt(8);
        for (int i = 0; i < 8 && labels[row] > 0; i++) {
          int pixel = labels[row] == 1 ? place * 8 + i : i * 8 + place;
          images[row * 64 + pixel] += 3;
        }
      }
    }
  }

  private static final class Trainer implements AutoCloseable {
    private final Network network;
    private final Optimizer optimizer;
    private final DistillationLoss loss = DistillationLoss.builder().alpha(0).build();

    Trainer(Network network, Optimizer optimizer) {
      this.network = network;
      this.optimizer = optimizer;
    }

    double step(Bars batch, float learningRate) {
      Device device = network.device();
      try (Tensor images = device.tensor(batch.labels.length, 8, 8, 1);
          IntTensor labels = device.integers(batch.labels.length);
          Tensor gradient = device.tensor(batch.labels.length, 3)) {
        images.upload(batch.images);
        labels.upload(batch.labels);
        Tensor logits = network.forward(images, Mode.TRAINING);
        double total =
            device.distillationLoss(loss, logits, null, labels, null, gradient, null).total();
        network.backward(gradient);
        optimizer.step(learningRate);
        return total;
      }
    }

    double accuracy(Bars batch) {
      try (Tensor images = network.device().tensor(batch.labels.length, 8, 8, 1)) {
        images.upload(batch.images);
        float[] logits = network.forward(images, Mode.INFERENCE).download();
        int right = 0;
        for (int row = 0; row < batch.labels.length; row++) {
          int best = 0;
          for (int c = 1; c < 3; c++) {
            best = logits[row * 3 + c] > logits[row * 3 + best] ? c : best;
          }
          right += best == batch.labels[row] ? 1 : 0;
        }
        return (double) right / batch.labels.length;
      }
    }

    @Override
    public void close() {
      loss.close();
    }
  }
}
