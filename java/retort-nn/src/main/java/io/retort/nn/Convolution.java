package io.retort.nn;

import java.util.ArrayList;
import java.util.List;

/**
 * A convolution of images. Parameters: {@code weights} [output channels, kernel, kernel, input
 * channels], He normal; {@code bias} [output channels], 0.
 */
public final class Convolution extends DeviceLayer {
  private final ConvolutionShape shape;
  private final Parameter weights;
  private final Parameter bias;
  private final RowBuffer output;
  private final RowBuffer inputGradient;
  private final RowBuffer outputTangent;
  private final RowBuffer inputTerm;

  /**
   * A convolution.
   *
   * @param shape its sizes; the number of images comes from the input
   * @param withBias whether a bias is added
   */
  public Convolution(Device device, String name, ConvolutionShape shape, boolean withBias) {
    super(device, name);
    this.shape = Arguments.notNull("shape", shape);
    int channels = shape.outputChannels();
    weights =
        new Parameter(
            name + ".weights",
            Initialization.heNormal(shape.fanIn()),
            channels,
            shape.kernel(),
            shape.kernel(),
            shape.input().channels());
    bias = withBias ? new Parameter(name + ".bias", Initialization.constant(0), channels) : null;
    output = rowBuffer(item(shape.output()));
    inputGradient = rowBuffer(item(shape.input()));
    outputTangent = rowBuffer(item(shape.output()));
    inputTerm = rowBuffer(item(shape.output()));
  }

  /** Shape of an output image. */
  public ImageShape output() {
    return shape.output();
  }

  @Override
  public Tensor forward(Tensor input, Mode mode) {
    Arguments.rows(argument("input"), input, item(shape.input()));
    remember(input, mode);
    Tensor result = output.rows(input.rows());
    device.convolutionForward(
        shape.withImages(input.rows()), input, weights.value(), biasValue(), result);
    return result;
  }

  @Override
  public Tensor backward(Tensor outputGradient, boolean inputGradientWanted) {
    Tensor input = trainingInput();
    ConvolutionShape batch = shape.withImages(input.rows());
    Arguments.rows(argument("outputGradient"), outputGradient, item(shape.output()));
    device.convolutionBackwardWeights(batch, input, outputGradient, weights.gradient());
    if (bias != null) {
      device.columnSums(outputGradient, bias.gradient());
    }
    if (!inputGradientWanted) {
      return null;
    }
    Tensor result = inputGradient.rows(input.rows());
    device.convolutionBackwardInput(batch, outputGradient, weights.value(), result);
    return result;
  }

  /** The product rule: the tangent of the input with the weights, plus the input with theirs. */
  @Override
  public Tensor tangent(Tensor inputTangent) {
    Tensor input = trainingInput();
    ConvolutionShape batch = shape.withImages(input.rows());
    Tensor result = outputTangent.rows(input.rows());
    Tensor biasTangent = bias == null ? null : bias.tangent();
    device.convolutionForward(batch, input, weights.tangent(), biasTangent, result);
    if (inputTangent != null) {
      Arguments.shape(argument("inputTangent"), inputTangent, input.shape());
      Tensor term = inputTerm.rows(input.rows());
      device.convolutionForward(batch, inputTangent, weights.value(), null, term);
      device.linearCombination(1, result, 1, term, result);
    }
    return result;
  }

  @Override
  public List<Parameter> parameters() {
    List<Parameter> parameters = new ArrayList<>(List.of(weights));
    if (bias != null) {
      parameters.add(bias);
    }
    return parameters;
  }

  private Tensor biasValue() {
    return bias == null ? null : bias.value();
  }
}
