package io.retort.nn;

import java.util.List;

/** Layers one after another. Closing it closes them. */
public final class Sequential implements Layer {
  private final String name;
  private final List<Layer> layers;

  /** Where the gradient's way back ends if that on the input is not wanted. */
  private final int firstWithParameters;

  /** The layers in the order of the forward pass; at least one. */
  public Sequential(String name, List<? extends Layer> layers) {
    this.name = Arguments.notNull("name", name);
    this.layers = List.copyOf(Arguments.notNull("layers", layers));
    Arguments.atLeast("layers", this.layers.size(), 1);
    int first = 0;
    while (first < layers.size() && layers.get(first).parameters().isEmpty()) {
      first++;
    }
    firstWithParameters = first;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Tensor forward(Tensor input, Mode mode) {
    Tensor activation = input;
    for (Layer layer : layers) {
      activation = layer.forward(activation, mode);
    }
    return activation;
  }

  @Override
  public Tensor backward(Tensor outputGradient, boolean inputGradientWanted) {
    Tensor gradient = outputGradient;
    int last = inputGradientWanted ? 0 : firstWithParameters;
    for (int i = layers.size() - 1; i >= last; i--) {
      gradient = layers.get(i).backward(gradient, inputGradientWanted || i > last);
    }
    return inputGradientWanted ? gradient : null;
  }

  @Override
  public Tensor tangent(Tensor inputTangent) {
    Tensor tangent = inputTangent;
    for (Layer layer : layers) {
      tangent = layer.tangent(tangent);
    }
    return tangent;
  }

  @Override
  public List<Parameter> parameters() {
    return layers.stream().flatMap(layer -> layer.parameters().stream()).toList();
  }

  @Override
  public List<Parameter> buffers() {
    return layers.stream().flatMap(layer -> layer.buffers().stream()).toList();
  }

  @Override
  public void close() {
    layers.forEach(Layer::close);
  }
}
