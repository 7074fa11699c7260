package io.retort.benchmarks;

import io.retort.nn.Architecture;
import io.retort.nn.Device;
import io.retort.nn.DeviceKind;
import io.retort.nn.ImageShape;
import io.retort.nn.Network;
import io.retort.nn.Parameter;
import java.util.ArrayList;
import java.util.List;

/** The networks that training steps are measured on. */
public enum TrainingNetwork {
  /**
   * Two convolutions and a hidden layer with batch normalisation, on images as of Fashion-MNIST.
   */
  CNNBN("cnnbn-16-32-128", 28, 1),
  /** A wide residual network of 16 layers, twice as wide, on images as of CIFAR-10. */
  WRN("wrn-16-2", 32, 3);

  /** Classes of either. */
  public static final int CLASSES = 10;

  private static final String FIRST_WEIGHTS = "conv1.weights";
  private static final String WEIGHTS = ".weights";

  private final String architecture;
  private final int side;
  private final int channels;

  TrainingNetwork(String architecture, int side, int channels) {
    this.architecture = architecture;
    this.side = side;
    this.channels = channels;
  }

  /**
   * A parameter as a network starts with it.
   *
   * @param name such as {@code conv1.weights}
   * @param shape its sizes; a convolution's weights are [outputs, kernel, kernel, inputs]
   * @param values row-major
   */
  public record InitialParameter(String name, long[] shape, float[] values) {}

  /** The name that {@link Architecture#parse} knows it by. */
  public String architecture() {
    return architecture;
  }

  /** The shape of an image. */
  public ImageShape input() {
    return new ImageShape(side, side, channels);
  }

  /** The network on a device, always with the same first parameters. */
  public Network create(Device device) {
    return Architecture.parse(architecture).create(device, input(), CLASSES, 42);
  }

  /** The parameters of {@link #create}, for a peer to start from. */
  public List<InitialParameter> initialParameters() {
    List<InitialParameter> initial = new ArrayList<>();
    try (Device device = Device.open(DeviceKind.CPU, 1);
        Network network = create(device)) {
      for (Parameter parameter : network.parameters()) {
        initial.add(
            new InitialParameter(
                parameter.name(), parameter.shape(), parameter.value().download()));
      }
    }
    return initial;
  }

  /**
   * Floating point operations that the products of a training step on one image need: two a
   * multiplication with a weight, once for the output, once for the weights' gradient and once for
   * the input's, which the first layer does without.
   */
  public double operationsOfImage() {
    double operations = 0;
    for (InitialParameter parameter : initialParameters()) {
      if (parameter.name().endsWith(WEIGHTS)) {
        int passes = parameter.name().equals(FIRST_WEIGHTS) ? 2 : 3;
        operations += 2.0 * passes * parameter.values().length * positions(parameter);
      }
    }
    return operations;
  }

  /** Pixels of the output that a weight takes part in. */
  private double positions(InitialParameter weights) {
    if (weights.shape().length == 2) {
      return 1;
    }
    int level = this == CNNBN ? digitAfter("conv", weights) : digitAfter("stage", weights);
    double outputSide = side >> Math.max(0, level - 1);
    return outputSide * outputSide;
  }

  /** The number in the name of a convolution or stage, counted from 1; 0 where there is none. */
  private static int digitAfter(String prefix, InitialParameter parameter) {
    return parameter.name().startsWith(prefix)
        ? Character.digit(parameter.name().charAt(prefix.length()), 10)
        : 0;
  }
}
