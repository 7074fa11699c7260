package io.retort.nn;

/** The mean of each window of an image, channel by channel; padding is not counted. */
public final class AveragePool extends DeviceLayer {
  private final PoolingShape shape;
  private final RowBuffer output;
  private final RowBuffer inputGradient;
  private final RowBuffer outputTangent;

  /** Pools windows of this shape; the number of images comes from the input. */
  public AveragePool(Device device, String name, PoolingShape shape) {
    super(device, name);
    this.shape = Arguments.notNull("shape", shape);
    output = rowBuffer(item(shape.output()));
    inputGradient = rowBuffer(item(shape.input()));
    outputTangent = rowBuffer(item(shape.output()));
  }

  /** The mean of whole images, which become [rows, 1, 1, channels]. */
  public static AveragePool global(Device device, String name, ImageShape input) {
    Arguments.notNull("input", input);
    int longer = Math.max(input.height(), input.width());
    int shorter = Math.min(input.height(), input.width());
    // Windows are square, images need not be: one window that starts in the padding covers the
    // whole.
    int padding = longer - shorter;
    int kernel = longer + padding;
    return new AveragePool(device, name, new PoolingShape(0, input, kernel, kernel, padding));
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
    device.averagePoolForward(shape.withImages(input.rows()), input, result);
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
    device.averagePoolBackward(shape.withImages(input.rows()), outputGradient, result);
    return result;
  }

  /** Linear, so that the tangent is the forward pass of the input's. */
  @Override
  public Tensor tangent(Tensor inputTangent) {
    Tensor input = trainingInput();
    if (inputTangent == null) {
      return null;
    }
    Arguments.shape(argument("inputTangent"), inputTangent, input.shape());
    Tensor result = outputTangent.rows(input.rows());
    device.averagePoolForward(shape.withImages(input.rows()), inputTangent, result);
    return result;
  }
}
