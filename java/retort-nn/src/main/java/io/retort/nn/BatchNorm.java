package io.retort.nn;

import java.util.List;

/**
 * Batch normalisation over all dimensions but the last (Ioffe and Szegedy 2015), and if asked for a
 * ReLU and a max pooling in the same pass. Parameters: {@code scale} [channels], 1; {@code shift}
 * [channels], 0. Buffers: {@code running_mean} [channels], 0; {@code running_variance} [channels],
 * 1.
 */
public final class BatchNorm extends DeviceLayer {
  private static final float EPSILON = 1e-5f;
  private static final float MOMENTUM = 0.1f;

  private final long[] item;
  private final BatchNormShape shape;
  private final Parameter scale;
  private final Parameter shift;
  private final Parameter runningMean;
  private final Parameter runningVariance;
  private final RowBuffer mean;
  private final RowBuffer inverseDeviation;
  private final RowBuffer output;
  private final RowBuffer inputGradient;
  private final RowBuffer outputTangent;

  /** Normalises the channels of images; {@code rectify} if a ReLU follows. */
  public BatchNorm(Device device, String name, ImageShape input, boolean rectify) {
    this(device, name, rectify, null, item(Arguments.notNull("input", input)));
  }

  /**
   * Normalises the channels of images and pools the result; {@code rectify} if a ReLU comes
   * between, or after, which is the same.
   *
   * @param maxPool windows side by side; the number of images comes from the input
   */
  public BatchNorm(Device device, String name, PoolingShape maxPool, boolean rectify) {
    this(
        device,
        name,
        rectify,
        Arguments.notNull("maxPool", maxPool).withImages(0),
        item(maxPool.input()));
  }

  /** Normalises the columns of rows; {@code rectify} if a ReLU follows. */
  public BatchNorm(Device device, String name, int columns, boolean rectify) {
    this(device, name, rectify, null, new long[] {columns});
  }

  private BatchNorm(
      Device device, String name, boolean rectify, PoolingShape maxPool, long[] item) {
    super(device, name);
    this.item = item;
    int channels = (int) item[item.length - 1];
    shape = new BatchNormShape(0, channels, EPSILON, rectify, maxPool);
    scale = new Parameter(name + ".scale", Initialization.constant(1), channels);
    shift = new Parameter(name + ".shift", Initialization.constant(0), channels);
    runningMean = new Parameter(name + ".running_mean", Initialization.constant(0), channels);
    runningVariance =
        new Parameter(name + ".running_variance", Initialization.constant(1), channels);
    mean = rowBuffer();
    inverseDeviation = rowBuffer();
    long[] outputItem = maxPool == null ? item : item(maxPool.output());
    output = rowBuffer(outputItem);
    inputGradient = rowBuffer(item);
    outputTangent = rowBuffer(outputItem);
  }

  @Override
  public Tensor forward(Tensor input, Mode mode) {
    Arguments.rows(argument("input"), input, item);
    remember(input, mode);
    Tensor result = output.rows(input.rows());
    if (mode == Mode.TRAINING) {
      device.batchNormTraining(
          shapeFor(input),
          input,
          scale.value(),
          shift.value(),
          MOMENTUM,
          runningMean.value(),
          runningVariance.value(),
          mean.rows(shape.channels()),
          inverseDeviation.rows(shape.channels()),
          result);
    } else {
      device.batchNormInference(
          shapeFor(input),
          input,
          scale.value(),
          shift.value(),
          runningMean.value(),
          runningVariance.value(),
          result);
    }
    return result;
  }

  @Override
  public Tensor backward(Tensor outputGradient, boolean inputGradientWanted) {
    Tensor input = trainingInput();
    Arguments.shape(argument("outputGradient"), outputGradient, output.rows(input.rows()).shape());
    Tensor result = inputGradient.rows(input.rows());
    device.batchNormBackward(
        shapeFor(input),
        input,
        scale.value(),
        shift.value(),
        mean.rows(shape.channels()),
        inverseDeviation.rows(shape.channels()),
        outputGradient,
        result,
        scale.gradient(),
        shift.gradient());
    return inputGradientWanted ? result : null;
  }

  @Override
  public Tensor tangent(Tensor inputTangent) {
    Tensor input = trainingInput();
    if (inputTangent != null) {
      Arguments.shape(argument("inputTangent"), inputTangent, input.shape());
    }
    Tensor result = outputTangent.rows(input.rows());
    device.batchNormTangent(
        shapeFor(input),
        input,
        scale.value(),
        shift.value(),
        mean.rows(shape.channels()),
        inverseDeviation.rows(shape.channels()),
        inputTangent,
        scale.tangent(),
        shift.tangent(),
        result);
    return result;
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(scale, shift);
  }

  @Override
  public List<Parameter> buffers() {
    return List.of(runningMean, runningVariance);
  }

  private BatchNormShape shapeFor(Tensor input) {
    return shape.withRows(input.size() / shape.channels());
  }
}
