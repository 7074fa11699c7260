package io.retort.nn;

import io.retort.kernels.DistillationLoss;

/** Trains a network to tell {@link Bars} apart. */
final class BarsTrainer implements AutoCloseable {
  private final Network network;
  private final Optimizer optimizer;
  private final DistillationLoss loss = DistillationLoss.builder().alpha(0).build();

  BarsTrainer(Network network, Optimizer optimizer) {
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
