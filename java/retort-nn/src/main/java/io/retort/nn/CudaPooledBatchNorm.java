package io.retort.nn;

import org.bytedeco.javacpp.FloatPointer;

/**
 * Batch normalisation with max pooling after it, on a device whose kernels do not join the two: one
 * after the other, over the scratch of one normalised batch. What backward and tangent need of it
 * they normalise again, with the same statistics and so to the same bits.
 */
final class CudaPooledBatchNorm implements AutoCloseable {
  private final CudaDevice device;
  private final CudaScratch normalized;
  private final CudaScratch tangent;

  CudaPooledBatchNorm(CudaDevice device, CudaMemory memory) {
    this.device = device;
    this.normalized = new CudaScratch(memory);
    this.tangent = new CudaScratch(memory);
  }

  void training(
      BatchNormShape shape,
      FloatPointer input,
      FloatPointer scale,
      FloatPointer shift,
      float momentum,
      FloatPointer runningMean,
      FloatPointer runningVariance,
      FloatPointer mean,
      FloatPointer inverseDeviation,
      FloatPointer output) {
    FloatPointer y = normalized.floats(shape.size());
    device.batchNormTraining(
        shape.withoutMaxPool(),
        input,
        scale,
        shift,
        momentum,
        runningMean,
        runningVariance,
        mean,
        inverseDeviation,
        y);
    device.maxPoolForward(shape.maxPool(), y, output);
  }

  void inference(
      BatchNormShape shape,
      FloatPointer input,
      FloatPointer scale,
      FloatPointer shift,
      FloatPointer runningMean,
      FloatPointer runningVariance,
      FloatPointer output) {
    FloatPointer y = normalized.floats(shape.size());
    device.batchNormInference(
        shape.withoutMaxPool(), input, scale, shift, runningMean, runningVariance, y);
    device.maxPoolForward(shape.maxPool(), y, output);
  }

  void backward(
      BatchNormShape shape,
      FloatPointer input,
      FloatPointer scale,
      FloatPointer shift,
      FloatPointer mean,
      FloatPointer inverseDeviation,
      FloatPointer outputGradient,
      FloatPointer inputGradient,
      FloatPointer scaleGradient,
      FloatPointer shiftGradient) {
    FloatPointer y = normalizeAgain(shape, input, scale, shift, mean, inverseDeviation);
    device.maxPoolBackward(shape.maxPool(), y, outputGradient, inputGradient);
    device.batchNormBackward(
        shape.withoutMaxPool(),
        input,
        scale,
        shift,
        mean,
        inverseDeviation,
        inputGradient,
        inputGradient,
        scaleGradient,
        shiftGradient);
  }

  void tangent(
      BatchNormShape shape,
      FloatPointer input,
      FloatPointer scale,
      FloatPointer shift,
      FloatPointer mean,
      FloatPointer inverseDeviation,
      FloatPointer inputTangent,
      FloatPointer scaleTangent,
      FloatPointer shiftTangent,
      FloatPointer outputTangent) {
    FloatPointer y = normalizeAgain(shape, input, scale, shift, mean, inverseDeviation);
    FloatPointer dy = tangent.floats(shape.size());
    device.batchNormTangent(
        shape.withoutMaxPool(),
        input,
        scale,
        shift,
        mean,
        inverseDeviation,
        inputTangent,
        scaleTangent,
        shiftTangent,
        dy);
    device.maxPoolTangent(shape.maxPool(), y, dy, outputTangent);
  }

  /** The statistics come out as they were. */
  private FloatPointer normalizeAgain(
      BatchNormShape shape,
      FloatPointer input,
      FloatPointer scale,
      FloatPointer shift,
      FloatPointer mean,
      FloatPointer inverseDeviation) {
    FloatPointer y = normalized.floats(shape.size());
    if (shape.rows() > 0) {
      device.batchNormTraining(
          shape.withoutMaxPool(), input, scale, shift, 0, null, null, mean, inverseDeviation, y);
    }
    return y;
  }

  @Override
  public void close() {
    normalized.close();
    tangent.close();
  }
}
