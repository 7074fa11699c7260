package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;

/**
 * Holds a layer's backward pass and tangent against the scalar {@code f = <weights,
 * forward(input)>} along random directions: of the input alone, of each parameter alone, and of all
 * at once. Where f has kinks a difference of it is no derivative, but it still is the integral of
 * the derivative:
 *
 * <pre>   (f(step) - f(-step)) / (2 * step) = mean of f' over [-step, step]</pre>
 *
 * which the mean over evenly spread samples approaches. One sample makes this a central difference.
 */
final class Derivatives implements AutoCloseable {
  private final Layer layer;
  private final Tensor input;
  private final ParameterVector parameters;
  private final ParameterVector buffers;
  private final float[] inputValues;
  private final float[] parameterValues;
  private float[] outputWeights;
  private Tensor output;

  /** A layer at an input, with every parameter moved off its first value. */
  Derivatives(Device device, Layer layer, float[] inputValues, long... inputShape) {
    this.layer = layer;
    this.inputValues = inputValues;
    parameters = new ParameterVector(device, layer.parameters());
    buffers = new ParameterVector(device, layer.buffers());
    parameters.initialize(1);
    buffers.initialize(1);
    parameterValues = parameters.values().download();
    float[] noise = RandomArrays.uniform(parameterValues.length, 2);
    for (int i = 0; i < noise.length; i++) {
      parameterValues[i] += 0.1f * noise[i];
    }
    input = device.tensor(inputShape);
  }

  /**
   * Fails unless backward, tangent and differences agree.
   *
   * @param step half the length of the way that f is followed along a direction
   * @param samples of the derivative on that way
   * @param tolerance relative to the larger of f's terms and its derivative
   */
  void check(double step, int samples, double tolerance) {
    for (Direction direction : directions()) {
      double difference = (forward(step, direction) - forward(-step, direction)) / (2 * step);
      double gradient = 0;
      for (int sample = 0; sample < samples; sample++) {
        forward(step * ((2 * sample + 1.0) / samples - 1), direction);
        double alongGradient = alongGradient(direction);
        double scale = Math.max(Math.max(1, outputNorm()), Math.abs(alongGradient));
        assertThat(alongTangent(direction))
            .as("%s: tangent along %s", layer.name(), direction.name)
            .isCloseTo(alongGradient, within(5e-5 * scale));
        gradient += alongGradient / samples;
      }
      double scale = Math.max(Math.max(1, outputNorm()), Math.abs(difference));
      assertThat(gradient)
          .as("%s: gradient along %s", layer.name(), direction.name)
          .isCloseTo(difference, within(tolerance * scale));
    }
  }

  private record Direction(String name, float[] input, float[] parameters) {}

  private List<Direction> directions() {
    float[] noInput = new float[inputValues.length];
    float[] noParameters = new float[parameterValues.length];
    float[] alongInput = RandomArrays.uniform(inputValues.length, 3);
    float[] alongParameters = RandomArrays.uniform(parameterValues.length, 4);
    List<Direction> directions = new ArrayList<>();
    directions.add(new Direction("input", alongInput, noParameters));
    directions.add(new Direction("everything", alongInput, alongParameters));
    int offset = 0;
    for (Parameter parameter : parameters.parameters()) {
      float[] alone = noParameters.clone();
      System.arraycopy(alongParameters, offset, alone, offset, (int) parameter.size());
      directions.add(new Direction(parameter.name(), noInput, alone));
      offset += (int) parameter.size();
    }
    return directions;
  }

  /** f at a distance along a direction. */
  private double forward(double distance, Direction direction) {
    input.upload(moved(inputValues, distance, direction.input));
    parameters.values().upload(moved(parameterValues, distance, direction.parameters));
    output = layer.forward(input, Mode.TRAINING);
    if (outputWeights == null) {
      outputWeights = RandomArrays.uniform(output.size(), 5);
    }
    return RandomArrays.dot(outputWeights, output.download());
  }

  private double outputNorm() {
    float[] values = output.download();
    return Math.sqrt(RandomArrays.dot(values, values));
  }

  private static float[] moved(float[] values, double distance, float[] direction) {
    float[] result = new float[values.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = (float) (values[i] + distance * direction[i]);
    }
    return result;
  }

  private double alongGradient(Direction direction) {
    try (Tensor weights = upload(outputWeights, output.shape())) {
      float[] inputGradient = layer.backward(weights, true).download();
      return RandomArrays.dot(direction.input, inputGradient)
          + RandomArrays.dot(direction.parameters, parameters.gradients().download());
    }
  }

  private double alongTangent(Direction direction) {
    parameters.tangents().upload(direction.parameters);
    try (Tensor inputTangent = upload(direction.input, input.shape())) {
      float[] tangent = layer.tangent(inputTangent).download();
      return RandomArrays.dot(outputWeights, tangent);
    }
  }

  private Tensor upload(float[] values, long[] shape) {
    Tensor tensor = input.device().tensor(shape);
    tensor.upload(values);
    return tensor;
  }

  @Override
  public void close() {
    layer.close();
    input.close();
    parameters.close();
    buffers.close();
  }
}
