package io.retort.nn;

import java.util.List;
import java.util.stream.Stream;

/**
 * {@code body(x) + shortcut(x)}, and if asked for a ReLU of the sum (He et al., "Deep Residual
 * Learning for Image Recognition", 2016). Closing it closes body and shortcut.
 */
public final class Residual extends DeviceLayer {
  private final long[] inputItem;
  private final long[] outputItem;
  private final Layer body;
  private final Layer shortcut;
  private final boolean rectify;
  private final RowBuffer output;
  private final RowBuffer sumGradient;
  private final RowBuffer inputGradient;
  private final RowBuffer outputTangent;

  /**
   * A residual block.
   *
   * @param input shape of an input image
   * @param output shape of an output image
   * @param body maps the one to the other
   * @param shortcut likewise; null for the identity, where the two shapes are the same
   * @param rectify whether a ReLU follows the sum
   */
  public Residual(
      Device device,
      String name,
      ImageShape input,
      ImageShape output,
      Layer body,
      Layer shortcut,
      boolean rectify) {
    super(device, name);
    this.body = Arguments.notNull("body", body);
    inputItem = item(Arguments.notNull("input", input));
    outputItem = item(Arguments.notNull("output", output));
    if (shortcut == null && !input.equals(output)) {
      throw new IllegalArgumentException(
          argument("output") + " must be " + input + " without a shortcut, got " + output);
    }
    this.shortcut = shortcut;
    this.rectify = rectify;
    this.output = rowBuffer(outputItem);
    sumGradient = rowBuffer(outputItem);
    inputGradient = rowBuffer(inputItem);
    outputTangent = rowBuffer(outputItem);
  }

  @Override
  public Tensor forward(Tensor input, Mode mode) {
    Arguments.rows(argument("input"), input, inputItem);
    remember(input, mode);
    Tensor result = output.rows(input.rows());
    Tensor residual = body.forward(input, mode);
    Tensor carried = shortcut == null ? input : shortcut.forward(input, mode);
    device.linearCombination(1, residual, 1, carried, result);
    if (rectify) {
      device.reluForward(result, result);
    }
    return result;
  }

  @Override
  public Tensor backward(Tensor outputGradient, boolean inputGradientWanted) {
    long rows = trainingInput().rows();
    Tensor gradient = throughRelu("outputGradient", outputGradient, sumGradient);
    Tensor residual = body.backward(gradient, inputGradientWanted);
    Tensor carried = shortcut == null ? gradient : shortcut.backward(gradient, inputGradientWanted);
    if (!inputGradientWanted) {
      return null;
    }
    Tensor result = inputGradient.rows(rows);
    device.linearCombination(1, residual, 1, carried, result);
    return result;
  }

  @Override
  public Tensor tangent(Tensor inputTangent) {
    Tensor result = outputTangent.rows(trainingInput().rows());
    Tensor residual = body.tangent(inputTangent);
    Tensor carried = shortcut == null ? inputTangent : shortcut.tangent(inputTangent);
    if (residual == null && carried == null) {
      return null;
    }
    if (residual == null || carried == null) {
      result.copyFrom(residual == null ? carried : residual);
    } else {
      device.linearCombination(1, residual, 1, carried, result);
    }
    return throughRelu("outputTangent", result, outputTangent);
  }

  /** {@code tensor} where the ReLU let the sum through; itself where there is no ReLU. */
  private Tensor throughRelu(String argument, Tensor tensor, RowBuffer buffer) {
    Tensor rectified = output.rows(trainingInput().rows());
    Arguments.shape(argument(argument), tensor, rectified.shape());
    if (!rectify) {
      return tensor;
    }
    Tensor result = buffer.rows(rectified.rows());
    device.reluBackward(rectified, tensor, result);
    return result;
  }

  @Override
  public List<Parameter> parameters() {
    return branches().flatMap(layer -> layer.parameters().stream()).toList();
  }

  @Override
  public List<Parameter> buffers() {
    return branches().flatMap(layer -> layer.buffers().stream()).toList();
  }

  @Override
  public void close() {
    super.close();
    branches().forEach(Layer::close);
  }

  private Stream<Layer> branches() {
    return Stream.of(body, shortcut).filter(layer -> layer != null);
  }
}
