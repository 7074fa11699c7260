package io.retort.benchmarks;

import io.retort.benchmarks.TrainingStepProvider.Step;
import io.retort.kernels.DistillationLoss;
import io.retort.nn.Device;
import io.retort.nn.DeviceKind;
import io.retort.nn.IntTensor;
import io.retort.nn.SmoothedReluSumShape;
import io.retort.nn.Tensor;

/** Retort's step: two matrix products for all networks at once, and the kernels between them. */
public final class RetortMultiViewStepProvider implements MultiViewStepProvider {
  @Override
  public String name() {
    return RetortProvider.NAME;
  }

  @Override
  public Step prepare(MultiViewProblem problem) {
    return new NetworksStep(problem);
  }

  private static final class NetworksStep implements Step {
    private final MultiViewProblem problem;
    private final SmoothedReluSumShape shape;
    private final Device device;
    private final DistillationLoss crossEntropy;
    private final Tensor patches;
    private final IntTensor labels;
    private final Tensor weights;
    private final Tensor weightGradient;
    private final Tensor preActivations;
    private final Tensor outputs;
    private final Tensor outputGradients;

    private NetworksStep(MultiViewProblem problem) {
      this.problem = problem;
      shape =
          new SmoothedReluSumShape(
              problem.samples(),
              problem.patches(),
              problem.networks(),
              MultiViewProblem.CLASSES,
              MultiViewProblem.NEURONS,
              MultiViewProblem.DEGREE,
              MultiViewProblem.THRESHOLD);
      device = Device.open(DeviceKind.CPU, problem.threads());
      crossEntropy = DistillationLoss.builder().alpha(0).build();
      patches = device.tensor(rows(), problem.dimension());
      patches.upload(problem.values());
      labels = device.integers(problem.samples());
      labels.upload(problem.labels());
      weights = device.tensor(columns(), problem.dimension());
      weights.upload(problem.weights());
      weightGradient = device.tensor(columns(), problem.dimension());
      preActivations = device.tensor(rows(), columns());
      outputs = device.tensor(problem.networks(), problem.samples(), MultiViewProblem.CLASSES);
      outputGradients = device.tensor(outputs.shape());
    }

    private long rows() {
      return (long) problem.samples() * problem.patches();
    }

    private long columns() {
      return (long) problem.networks() * problem.neuronsOfNetwork();
    }

    @Override
    public double run() {
      int size = problem.dimension();
      device.matrixProduct(
          false, true, rows(), columns(), size, patches, weights, false, preActivations);
      device.smoothedReluSumForward(shape, preActivations, outputs);
      double loss = differentiate();
      device.smoothedReluSumBackward(shape, preActivations, outputGradients, preActivations);
      device.matrixProduct(
          true, false, columns(), size, rows(), preActivations, patches, false, weightGradient);
      device.sgdStep(MultiViewProblem.LEARNING_RATE, 0, false, 0, weightGradient, null, weights);
      return loss;
    }

    /** The mean over the networks of the mean loss. */
    private double differentiate() {
      double loss = 0;
      for (long network = 0; network < problem.networks(); network++) {
        Tensor gradient = ofNetwork(outputGradients, network);
        loss +=
            device
                .distillationLoss(
                    crossEntropy, ofNetwork(outputs, network), null, labels, null, gradient, null)
                .total();
      }
      return loss / problem.networks();
    }

    private Tensor ofNetwork(Tensor all, long network) {
      long size = (long) problem.samples() * MultiViewProblem.CLASSES;
      return all.view(network * size, problem.samples(), MultiViewProblem.CLASSES);
    }

    @Override
    public void close() {
      outputGradients.close();
      outputs.close();
      preActivations.close();
      weightGradient.close();
      weights.close();
      labels.close();
      patches.close();
      crossEntropy.close();
      device.close();
    }
  }
}
