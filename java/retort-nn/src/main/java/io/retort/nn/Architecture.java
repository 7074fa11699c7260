package io.retort.nn;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A family of networks and its sizes, by name:
 *
 * <ul>
 *   <li>{@code mlp-256-128}: hidden linear layers of these widths, a ReLU after each
 *   <li>{@code cnn-16-32-128}: for each size but the last a 3x3 convolution, 2x2 max pooling and a
 *       ReLU; then a hidden linear layer of the last size and a ReLU
 *   <li>{@code cnnbn-16-32-128}: the same, with batch normalisation before each ReLU
 *   <li>{@code resnet-20}: the residual networks for small images of He et al. (2016); a depth of
 *       6n + 2
 *   <li>{@code wrn-16-2}: wide residual networks (Zagoruyko and Komodakis 2016); a depth of 6n + 4
 *       and how many times wider
 * </ul>
 *
 * Each ends in a linear layer of one logit a class. {@code mean-10-of-resnet-20} is ten networks of
 * one family, whose logits are averaged and which train as one.
 */
public final class Architecture {
  private static final Pattern MEAN = Pattern.compile("mean-([1-9][0-9]{0,3})-of-(.+)");
  private static final Pattern FORM = Pattern.compile("([a-z]+)((?:-[0-9]{1,5})+)");

  private final String name;
  private final Blueprint blueprint;

  /** How an architecture's layers are laid out. */
  @FunctionalInterface
  interface Blueprint {
    Layer layers(Device device, ImageShape input, int classes);
  }

  private Architecture(String name, Blueprint blueprint) {
    this.name = name;
    this.blueprint = blueprint;
  }

  /**
   * The architecture of that name.
   *
   * @throws IllegalArgumentException for an unknown name or sizes that the family does not have
   */
  public static Architecture parse(String name) {
    Matcher mean = MEAN.matcher(Arguments.notNull("architecture", name));
    if (mean.matches()) {
      int count = Integer.parseInt(mean.group(1));
      return new Architecture(name, new Averaged.Networks(count, parse(mean.group(2))));
    }
    Matcher matcher = FORM.matcher(name);
    if (!matcher.matches()) {
      throw unknown(name);
    }
    int[] sizes =
        Arrays.stream(matcher.group(2).substring(1).split("-"))
            .mapToInt(Integer::parseInt)
            .toArray();
    for (int size : sizes) {
      if (size == 0) {
        throw new IllegalArgumentException("architecture must have no size 0, got " + name);
      }
    }
    return new Architecture(
        name,
        switch (matcher.group(1)) {
          case "mlp" -> new Perceptron(sizes);
          case "cnn" -> new ConvolutionalNetwork(name, sizes, false);
          case "cnnbn" -> new ConvolutionalNetwork(name, sizes, true);
          case "resnet" -> ResidualNetwork.parse(name, sizes);
          case "wrn" -> WideResidualNetwork.parse(name, sizes);
          default -> throw unknown(name);
        });
  }

  private static IllegalArgumentException unknown(String name) {
    return new IllegalArgumentException(
        "architecture must be of the form mlp-256-128, cnn-16-32-128, cnnbn-16-32-128, resnet-20 or"
            + " wrn-16-2, or a mean of such as mean-10-of-resnet-20, got "
            + name);
  }

  /** Its name, which {@link #parse} reads. */
  public String name() {
    return name;
  }

  /** Its layers, whose parameters have no memory yet. */
  Layer layers(Device device, ImageShape input, int classes) {
    return blueprint.layers(device, input, classes);
  }

  /**
   * A network of this architecture, which the caller closes.
   *
   * @param device where it runs
   * @param input shape of an image
   * @param classes how many, at least 1
   * @param seed decides the parameters' first values, the same on every device
   * @throws IllegalArgumentException if the images are too small for the architecture
   */
  public Network create(Device device, ImageShape input, int classes, long seed) {
    Arguments.notNull("device", device);
    Arguments.notNull("input", input);
    Arguments.atLeast("classes", classes, 1);
    return Network.of(name, device, input, classes, layers(device, input, classes), seed);
  }

  @Override
  public String toString() {
    return name;
  }
}
