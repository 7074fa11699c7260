package io.retort.nn;

import java.util.List;

/**
 * A classifier of images: a composition of layers, whose parameters lie in one flat vector. Made by
 * {@link Architecture#create} or from layers of one's own by {@link #of}. Used by one thread at a
 * time.
 */
public final class Network implements AutoCloseable {
  private final String architecture;
  private final Device device;
  private final ImageShape input;
  private final int classes;
  private final Layer layers;
  private final ParameterVector parameters;
  private final ParameterVector buffers;
  private boolean closed;

  private Network(String architecture, Device device, ImageShape input, int classes, Layer layers) {
    this.architecture = Arguments.notNull("architecture", architecture);
    this.device = Arguments.notNull("device", device);
    this.input = Arguments.notNull("input", input);
    this.classes = classes;
    this.layers = Arguments.notNull("layers", layers);
    Arguments.atLeast("classes", classes, 1);
    parameters = new ParameterVector(device, layers.parameters());
    buffers = new ParameterVector(device, layers.buffers());
  }

  /**
   * A network of these layers, which it closes with itself.
   *
   * @param architecture its name
   * @param device where the layers are
   * @param input shape of an image
   * @param classes logits of an image
   * @param layers maps [rows, height, width, channels] to [rows, classes]
   * @param seed decides the parameters' first values, and nothing else does
   */
  public static Network of(
      String architecture, Device device, ImageShape input, int classes, Layer layers, long seed) {
    Network network = new Network(architecture, device, input, classes, layers);
    network.parameters.initialize(seed);
    network.buffers.initialize(seed);
    return network;
  }

  /** The architecture's name, such as {@code resnet-20}. */
  public String architecture() {
    return architecture;
  }

  /** Shape of an image. */
  public ImageShape input() {
    return input;
  }

  /** Logits of an image. */
  public int classes() {
    return classes;
  }

  /** Elements of {@link #values}. */
  public long parameterCount() {
    return parameters.size();
  }

  /** Where it runs. */
  public Device device() {
    return device;
  }

  /**
   * The logits of images.
   *
   * @param images [rows, height, width, channels]; after a pass in {@link Mode#TRAINING} it stays
   *     open and unchanged until {@link #backward} and {@link #tangent} have run
   * @return [rows, classes], owned by the network, valid until the next forward pass
   */
  public Tensor forward(Tensor images, Mode mode) {
    checkOpen();
    Arguments.rows("images", images, input.height(), input.width(), input.channels());
    if (images.device() != device) {
      throw new IllegalArgumentException(
          "images must be on the network's device, got a tensor of another " + images.device());
    }
    Tensor logits = layers.forward(images, mode);
    Arguments.shape("logits", logits, images.rows(), classes);
    return logits;
  }

  /**
   * Writes {@link #gradients}, given the gradient on the logits, [rows, classes], of the last
   * forward pass.
   *
   * @throws IllegalStateException if that was not in {@link Mode#TRAINING}
   */
  public void backward(Tensor logitsGradient) {
    checkOpen();
    layers.backward(Arguments.notNull("logitsGradient", logitsGradient), false);
  }

  /**
   * The logits' directional derivative along {@link #tangents} at the last forward pass.
   *
   * @return [rows, classes], owned by the network, valid until the next tangent
   * @throws IllegalStateException if that was not in {@link Mode#TRAINING}
   */
  public Tensor tangent() {
    checkOpen();
    return layers.tangent(null);
  }

  /** All parameters' values, [parameterCount]; owned by the network. */
  public Tensor values() {
    return parameters.values();
  }

  /** All parameters' gradients, [parameterCount]; allocated on first use; owned by the network. */
  public Tensor gradients() {
    return parameters.gradients();
  }

  /** The direction of {@link #tangent}, [parameterCount]; allocated on first use; owned alike. */
  public Tensor tangents() {
    return parameters.tangents();
  }

  /** What an optimiser changes, in the order of the flat vectors. */
  public List<Parameter> parameters() {
    return parameters.parameters();
  }

  /** The running statistics; they have values only. */
  public List<Parameter> buffers() {
    return buffers.parameters();
  }

  /** All buffers' values in one flat vector; owned by the network. */
  public Tensor bufferValues() {
    return buffers.values();
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("network " + architecture + " is closed");
    }
  }

  /** Frees layers, parameters and buffers. Closing twice is no error. */
  @Override
  public void close() {
    closed = true;
    layers.close();
    parameters.close();
    buffers.close();
  }
}
