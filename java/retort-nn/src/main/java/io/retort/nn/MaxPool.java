package io.retort.nn;

/** The largest value of each window of an image, channel by channel. */
public final class MaxPool extends DeviceLayer {
  private final PoolingShape shape;
  private final RowBuffer output;
  private final RowBuffer inputGradient;
  private final RowBuffer outputTangent;

  /** Pools windows of this shape; the number of images comes from the input. */
  public MaxPool(Device device, String name, PoolingShape shape) {
    super(device, name);
    this.shape = Arguments.notNull("shape", shape);
    output = rowBuffer(item(shape.output()));
    inputGradient = rowBuffer(item(shape.input()));
    outputTangent = rowBuffer(item(shape.output()));
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
    device.maxPoolForward(shape.withImages(input.rows()), input, result);
    return result;
  }

  @Override
  public Tensor backward(Tensor outputGradient, boolean inputGradientWanted) {
    Tensor input = trainingInput();
    Arguments.shape(argument("outputGradient"), outputGradient, output.rows(input.rows()).shape());
    if (!inputGradientWanted) {
      return null;
    }
    Tensor result = inputGradient.rows(input.rows());
    device.maxPoolBackward(shape.withImages(input.rows()), input, outputGradient, result);
    return result;
  }

  @Override
  public Tensor tangent(Tensor inputTangent) {
    Tensor input = trainingInput();
    if (inputTangent == null) {
      return null;
    }
    Arguments.shape(argument("inputTangent"), inputTangent, input.shape());
    Tensor result = outputTangent.rows(input.rows());
    device.maxPoolTangent(shape.withImages(input.rows()), input, inputTangent, result);
    return result;
  }
}
