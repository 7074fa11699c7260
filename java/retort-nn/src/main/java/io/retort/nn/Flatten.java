package io.retort.nn;

import java.util.List;

/** Images as rows: the same memory, {@code [rows, height * width * channels]}. */
public final class Flatten implements Layer {
  private final String name;
  private final ImageShape image;
  private Tensor input;
  private Tensor output;

  /** Flattens images of this shape. */
  public Flatten(String name, ImageShape input) {
    this.name = Arguments.notNull("name", name);
    this.image = Arguments.notNull("input", input);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Tensor forward(Tensor input, Mode mode) {
    Arguments.rows(name + ": input", input, DeviceLayer.item(image));
    if (this.input != input) {
      this.input = input;
      output = input.view(0, input.rows(), image.size());
    }
    return output;
  }

  @Override
  public Tensor backward(Tensor outputGradient, boolean inputGradientWanted) {
    return inputGradientWanted ? unflatten("outputGradient", outputGradient) : null;
  }

  private Tensor unflatten(String argument, Tensor rows) {
    Arguments.rows(name + ": " + argument, rows, image.size());
    return rows.view(0, rows.rows(), image.height(), image.width(), image.channels());
  }

  @Override
  public Tensor tangent(Tensor inputTangent) {
    if (inputTangent == null) {
      return null;
    }
    Arguments.rows(name + ": inputTangent", inputTangent, DeviceLayer.item(image));
    return inputTangent.view(0, inputTangent.rows(), image.size());
  }

  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public List<Parameter> buffers() {
    return List.of();
  }

  @Override
  public void close() {
    input = null;
    output = null;
  }
}
