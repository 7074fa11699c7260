package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;

/**
 * Compares a layer's backward pass and tangent with central differences of the scalar {@code
 * <weights, forward(input)>}, along random directions: of the input alone, of each parameter alone,
 * and of all at once.
 */
final class Derivatives implements AutoCloseable {
  private final Layer layer;
  private final Tensor input;
  private final ParameterVector parameters;
  private final ParameterVector buffers;
  private final float[] inputValues;
  private final float[] parameterValues;
  private float[] outputWeights;

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
   * @param step of the differences
   * @param tolerance of the differences, relative to the size of the scalar's terms
   */
  void check(double step, double tolerance) {
    forward(0, new float[inputValues.length], new float[parameterValues.length]);
    for (Direction direction : directions()) {
      double difference =
          (forward(step, direction.input, direction.parameters)
                  - forward(-step, direction.input, direction.parameters))
              / (2 * step);
      double scale = forwardScale();
      forward(0, direction.input, direction.parameters);
      double gradient = alongGradient(direction);
      double tangent = alongTangent(direction);
      assertThat(gradient)
          .as("%s: gradient along %s", layer.name(), direction.name)
          .isCloseTo(difference, within(tolerance * scale));
      assertThat(tangent)
          .as("%s: adjoint of backward along %s", layer.name(), direction.name)
          .isCloseTo(gradient, within(1e-5 * scale));
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

  /** The scalar at a distance along a direction. */
  private double forward(double distance, float[] alongInput, float[] alongParameters) {
    input.upload(moved(inputValues, distance, alongInput));
    parameters.values().upload(moved(parameterValues, distance, alongParameters));
    float[] output = layer.forward(input, Mode.TRAINING).download();
    if (outputWeights == null) {
      outputWeights = RandomArrays.uniform(output.length, 5);
    }
    return RandomArrays.dot(outputWeights, output);
  }

  /** The root of the sum of squares of the terms of the scalar, at least 1. */
  private double forwardScale() {
    float[] output = layer.forward(input, Mode.TRAINING).download();
    return Math.max(1, Math.sqrt(RandomArrays.dot(output, output)));
  }

  private static float[] moved(float[] values, double distance, float[] direction) {
    float[] result = new float[values.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = (float) (values[i] + distance * direction[i]);
    }
    return result;
  }

  private double alongGradient(Direction direction) {
    try (Tensor weights = upload(outputWeights, layer.forward(input, Mode.TRAINING).shape())) {
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
