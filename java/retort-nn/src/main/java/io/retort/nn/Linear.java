package io.retort.nn;

import java.util.ArrayList;
import java.util.List;

/**
 * {@code output = input * weightsᵀ + bias}. Parameters: {@code weights} [outputs, inputs]; {@code
 * bias} [outputs], 0.
 */
public final class Linear extends DeviceLayer {
  private final int inputs;
  private final int outputs;
  private final Parameter weights;
  private final Parameter bias;
  private final RowBuffer output;
  private final RowBuffer inputGradient;
  private final RowBuffer outputTangent;

  /**
   * A linear layer on rows of {@code inputs} values.
   *
   * @param withBias whether a bias is added
   * @param initialization how the weights' first values are drawn
   */
  public Linear(
      Device device,
      String name,
      int inputs,
      int outputs,
      boolean withBias,
      Initialization initialization) {
    super(device, name);
    Arguments.atLeast("inputs", inputs, 1);
    Arguments.atLeast("outputs", outputs, 1);
    this.inputs = inputs;
    this.outputs = outputs;
    weights = new Parameter(name + ".weights", initialization, outputs, inputs);
    bias = withBias ? new Parameter(name + ".bias", Initialization.constant(0), outputs) : null;
    output = rowBuffer(outputs);
    inputGradient = rowBuffer(inputs);
    outputTangent = rowBuffer(outputs);
  }

  @Override
  public Tensor forward(Tensor input, Mode mode) {
    Arguments.rows(argument("input"), input, inputs);
    remember(input, mode);
    Tensor result = output.rows(input.rows());
    multiply(input, weights.value(), false, result);
    if (bias != null) {
      device.addToRows(bias.value(), result);
    }
    return result;
  }

  @Override
  public Tensor backward(Tensor outputGradient, boolean inputGradientWanted) {
    Tensor input = trainingInput();
    long rows = input.rows();
    Arguments.shape(argument("outputGradient"), outputGradient, rows, outputs);
    device.matrixProduct(
        true, false, outputs, inputs, rows, outputGradient, input, false, weights.gradient());
    if (bias != null) {
      device.columnSums(outputGradient, bias.gradient());
    }
    if (!inputGradientWanted) {
      return null;
    }
    Tensor result = inputGradient.rows(rows);
    device.matrixProduct(
        false, false, rows, inputs, outputs, outputGradient, weights.value(), false, result);
    return result;
  }

  @Override
  public Tensor tangent(Tensor inputTangent) {
    Tensor input = trainingInput();
    Tensor result = outputTangent.rows(input.rows());
    multiply(input, weights.tangent(), false, result);
    if (inputTangent != null) {
      Arguments.shape(argument("inputTangent"), inputTangent, input.rows(), inputs);
      multiply(inputTangent, weights.value(), true, result);
    }
    if (bias != null) {
      device.addToRows(bias.tangent(), result);
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

  /** {@code result (+)= matrix * weightsᵀ}. */
  private void multiply(Tensor matrix, Tensor weights, boolean accumulate, Tensor result) {
    device.matrixProduct(
        false, true, matrix.rows(), outputs, inputs, matrix, weights, accumulate, result);
  }
}
