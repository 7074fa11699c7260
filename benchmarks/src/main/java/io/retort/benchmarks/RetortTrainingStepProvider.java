package io.retort.benchmarks;

import io.retort.kernels.DistillationLoss;
import io.retort.nn.Device;
import io.retort.nn.DeviceKind;
import io.retort.nn.ImageShape;
import io.retort.nn.IntTensor;
import io.retort.nn.Mode;
import io.retort.nn.Network;
import io.retort.nn.Optimizer;
import io.retort.nn.Tensor;

/** Retort's training step. */
public final class RetortTrainingStepProvider implements TrainingStepProvider {
  @Override
  public String name() {
    return RetortProvider.NAME;
  }

  @Override
  public Step prepare(TrainingProblem problem) {
    return new NetworkStep(problem);
  }

  private static final class NetworkStep implements Step {
    private final Device device;
    private final Network network;
    private final Optimizer optimizer;
    private final DistillationLoss crossEntropy;
    private final Tensor images;
    private final IntTensor labels;
    private final Tensor gradient;

    private NetworkStep(TrainingProblem problem) {
      device = Device.open(DeviceKind.CPU, problem.threads());
      network = problem.network().create(device);
      optimizer = Optimizer.sgd(network, TrainingProblem.MOMENTUM, false, 0);
      crossEntropy = DistillationLoss.builder().alpha(0).build();
      ImageShape input = problem.network().input();
      images = device.tensor(problem.batch(), input.height(), input.width(), input.channels());
      images.upload(problem.images());
      labels = device.integers(problem.batch());
      labels.upload(problem.labels());
      gradient = device.tensor(problem.batch(), TrainingNetwork.CLASSES);
    }

    @Override
    public double run() {
      Tensor logits = network.forward(images, Mode.TRAINING);
      double loss =
          device.distillationLoss(crossEntropy, logits, null, labels, null, gradient, null).total();
      network.backward(gradient);
      optimizer.step(TrainingProblem.LEARNING_RATE);
      return loss;
    }

    @Override
    public void close() {
      gradient.close();
      labels.close();
      images.close();
      crossEntropy.close();
      optimizer.close();
      network.close();
      device.close();
    }
  }
}
