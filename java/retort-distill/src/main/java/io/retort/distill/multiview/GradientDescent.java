package io.retort.distill.multiview;

import io.retort.nn.Device;
import io.retort.nn.SmoothedReluSumShape;
import io.retort.nn.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Gradient descent over all samples at once, of all networks at once: two matrix products a step,
 * one for the pre-activations and one for the gradient on the weights.
 */
final class GradientDescent implements AutoCloseable {

  private final SmoothedReluNetworks networks;
  private final List<Trainee> trainees;
  private final SmoothedReluSumShape shape;
  private final Tensor patches;
  private final Tensor preActivations;
  private final Tensor outputs;
  private final Tensor outputGradients;
  private final Tensor weightGradients;

  /**
   * Nothing is done yet.
   *
   * @param networks one a seed of the trainees, in their order
   */
  GradientDescent(SmoothedReluNetworks networks, List<Trainee> trainees, Samples samples) {
    Device device = networks.device();
    this.networks = networks;
    this.trainees = List.copyOf(trainees);
    long rows = (long) samples.count() * samples.patches();
    shape = networks.shape(samples.count(), samples.patches());
    patches = device.tensor(rows, samples.dimension());
    preActivations = device.tensor(rows, networks.columns());
    outputs = device.tensor(networks.count(), samples.count(), networks.classes());
    outputGradients = device.tensor(outputs.shape());
    weightGradients = device.tensor(networks.weights().shape());
    patches.upload(samples.values());
  }

  /** One step of every network; returns the mean of the trainees' losses before it. */
  double step() {
    Device device = networks.device();
    networks.forward(shape, patches, preActivations, outputs);
    double loss = differentiate();
    device.smoothedReluSumBackward(shape, preActivations, outputGradients, preActivations);
    device.matrixProduct(
        true,
        false,
        networks.columns(),
        networks.dimension(),
        shape.samples() * shape.patches(),
        preActivations,
        patches,
        false,
        weightGradients);
    descend();
    return loss;
  }

  private double differentiate() {
    double loss = 0;
    int first = 0;
    for (Trainee trainee : trainees) {
      int count = trainee.seeds().length;
      loss +=
          trainee
              .objective()
              .differentiate(views(outputs, first, count), views(outputGradients, first, count));
      first += count;
    }
    return loss / trainees.size();
  }

  private List<Tensor> views(Tensor ofAll, int first, int count) {
    long size = shape.samples() * shape.classes();
    List<Tensor> views = new ArrayList<>();
    for (int n = first; n < first + count; n++) {
      views.add(ofAll.view(n * size, shape.samples(), shape.classes()));
    }
    return views;
  }

  private void descend() {
    int first = 0;
    for (Trainee trainee : trainees) {
      long size = networks.weights(0).size();
      long begin = first * size;
      long elements = trainee.seeds().length * size;
      networks
          .device()
          .sgdStep(
              (float) trainee.learningRate(),
              0,
              false,
              0,
              weightGradients.view(begin, elements),
              null,
              networks.weights().view(begin, elements));
      first += trainee.seeds().length;
    }
  }

  @Override
  public void close() {
    patches.close();
    preActivations.close();
    outputs.close();
    outputGradients.close();
    weightGradients.close();
  }
}
