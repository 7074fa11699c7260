package io.retort.nn;

import java.util.random.RandomGenerator;

/**
 * A named tensor of a layer: one that an optimiser changes, or a buffer such as a running mean. Its
 * memory is a part of a {@link ParameterVector}, which it has none before.
 */
public final class Parameter {
  private String name;
  private final long[] shape;
  private final long size;
  private final Initialization initialization;
  private ParameterVector vector;
  private long offset;
  private Tensor value;
  private Tensor gradient;
  private Tensor tangent;

  /**
   * Declares a parameter.
   *
   * @param name unique in its network, such as {@code block1.conv1.weights}
   * @param initialization how its first values are drawn
   * @param shape its sizes
   */
  public Parameter(String name, Initialization initialization, long... shape) {
    this.name = Arguments.notNull("name", name);
    this.initialization = Arguments.notNull("initialization", initialization);
    this.size = Arguments.elements("shape", shape);
    if (size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "parameter " + name + " must have less than 2^31 elements, got " + size);
    }
    this.shape = shape.clone();
  }

  /** Its name, the same for every network of one architecture. */
  public String name() {
    return name;
  }

  /** Its sizes; a copy. */
  public long[] shape() {
    return shape.clone();
  }

  /** Number of elements. */
  public long size() {
    return size;
  }

  /** Its values, a view of {@link ParameterVector#values}. */
  public Tensor value() {
    if (value == null) {
      value = vector().values().view(offset, shape);
    }
    return value;
  }

  /** Its gradient, a view of {@link ParameterVector#gradients}. */
  public Tensor gradient() {
    if (gradient == null) {
      gradient = vector().gradients().view(offset, shape);
    }
    return gradient;
  }

  /** The direction of {@link Layer#tangent}, a view of {@link ParameterVector#tangents}. */
  public Tensor tangent() {
    if (tangent == null) {
      tangent = vector().tangents().view(offset, shape);
    }
    return tangent;
  }

  /** Becomes a parameter of a part of a network, whose name goes before its own. */
  void nameWithin(String part) {
    if (vector != null) {
      throw new IllegalStateException("parameter " + name + " already lies in a parameter vector");
    }
    name = part + "." + name;
  }

  void place(ParameterVector vector, long offset) {
    if (this.vector != null) {
      throw new IllegalStateException("parameter " + name + " already lies in a parameter vector");
    }
    this.vector = vector;
    this.offset = offset;
  }

  void initialize(RandomGenerator random) {
    float[] values = new float[(int) size];
    initialization.fill(values, random);
    value().upload(values);
  }

  private ParameterVector vector() {
    if (vector == null) {
      throw new IllegalStateException(
          "parameter " + name + " has no memory yet; a Network or a ParameterVector gives it some");
    }
    return vector;
  }
}
