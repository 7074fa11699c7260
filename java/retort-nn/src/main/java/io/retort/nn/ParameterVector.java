package io.retort.nn;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The memory of parameters: one flat vector of values, and on first use one of gradients and one of
 * tangents, in which the parameters lie one after another. So a step of an optimiser is one call.
 */
public final class ParameterVector implements AutoCloseable {
  private final Device device;
  private final List<Parameter> parameters;
  private final long size;
  private final Tensor values;
  private Tensor gradients;
  private Tensor tangents;
  private boolean closed;

  /**
   * Gives parameters memory; their values are 0.
   *
   * @throws IllegalArgumentException if two have the same name
   * @throws IllegalStateException if one already lies in a parameter vector
   */
  public ParameterVector(Device device, List<Parameter> parameters) {
    this.device = Arguments.notNull("device", device);
    this.parameters = List.copyOf(Arguments.notNull("parameters", parameters));
    Set<String> names = new HashSet<>();
    long offset = 0;
    for (Parameter parameter : this.parameters) {
      if (!names.add(parameter.name())) {
        throw new IllegalArgumentException(
            "parameters must have different names, got two " + parameter.name());
      }
      parameter.place(this, offset);
      offset = Math.addExact(offset, parameter.size());
    }
    size = offset;
    values = device.tensor(size);
  }

  /** The parameters in their order in the vectors. */
  public List<Parameter> parameters() {
    return parameters;
  }

  /** Elements of each vector. */
  public long size() {
    return size;
  }

  /** All values, [size]; owned by this. */
  public Tensor values() {
    return values;
  }

  /** All gradients, [size]; zeros that are allocated on first use; owned by this. */
  public Tensor gradients() {
    if (gradients == null) {
      gradients = allocate();
    }
    return gradients;
  }

  /** All tangents, [size]; zeros that are allocated on first use; owned by this. */
  public Tensor tangents() {
    if (tangents == null) {
      tangents = allocate();
    }
    return tangents;
  }

  /**
   * Draws the parameters' first values. Each has a stream of random numbers of its own, which
   * depends on the seed and on its place among the parameters, and on nothing else.
   */
  public void initialize(long seed) {
    SplittableRandom root = new SplittableRandom(seed);
    for (Parameter parameter : parameters) {
      parameter.initialize(root.split());
    }
  }

  private Tensor allocate() {
    if (closed) {
      throw new IllegalStateException("the parameter vector is closed");
    }
    return device.tensor(size);
  }

  /** Frees the vectors. Closing twice is no error. */
  @Override
  public void close() {
    closed = true;
    values.close();
    if (gradients != null) {
      gradients.close();
    }
    if (tangents != null) {
      tangents.close();
    }
  }
}
