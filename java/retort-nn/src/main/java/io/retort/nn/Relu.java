package io.retort.nn;

/** {@code max(0, x)} on rows of any shape; a derivative of 0 at 0. */
public final class Relu extends DeviceLayer {
  private final long[] item;
  private final RowBuffer output;
  private final RowBuffer inputGradient;
  private final RowBuffer outputTangent;

  /** A ReLU of rows that each have the shape {@code item}. */
  public Relu(Device device, String name, long... item) {
    super(device, name);
    Arguments.elements("item", item);
    this.item = item.clone();
    output = rowBuffer(item);
    inputGradient = rowBuffer(item);
    outputTangent = rowBuffer(item);
  }

  /** A ReLU of images. */
  public Relu(Device device, String name, ImageShape input) {
    this(device, name, item(Arguments.notNull("input", input)));
  }

  @Override
  public Tensor forward(Tensor input, Mode mode) {
    Arguments.rows(argument("input"), input, item);
    remember(input, mode);
    Tensor result = output.rows(input.rows());
    device.reluForward(input, result);
    return result;
  }

  @Override
  public Tensor backward(Tensor outputGradient, boolean inputGradientWanted) {
    Tensor rectified = output.rows(trainingInput().rows());
    Arguments.shape(argument("outputGradient"), outputGradient, rectified.shape());
    if (!inputGradientWanted) {
      return null;
    }
    Tensor result = inputGradient.rows(rectified.rows());
    device.reluBackward(rectified, outputGradient, result);
    return result;
  }

  @Override
  public Tensor tangent(Tensor inputTangent) {
    Tensor rectified = output.rows(trainingInput().rows());
    if (inputTangent == null) {
      return null;
    }
    Arguments.shape(argument("inputTangent"), inputTangent, rectified.shape());
    Tensor result = outputTangent.rows(rectified.rows());
    device.reluBackward(rectified, inputTangent, result);
    return result;
  }
}
