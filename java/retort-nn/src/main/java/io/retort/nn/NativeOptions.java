package io.retort.nn;

import io.retort.kernels.binding.AdamOptions;
import io.retort.kernels.binding.BatchNormOptions;
import io.retort.kernels.binding.SmoothedReluSumOptions;

/**
 * Shapes and options as the structs that kernels take, one of each kind: a struct is good until the
 * next of its kind is asked for.
 */
final class NativeOptions implements AutoCloseable {
  private final io.retort.kernels.binding.ConvolutionShape convolution =
      new io.retort.kernels.binding.ConvolutionShape();
  private final io.retort.kernels.binding.PoolingShape pooling =
      new io.retort.kernels.binding.PoolingShape();
  private final BatchNormOptions batchNorm = new BatchNormOptions();
  private final SmoothedReluSumOptions smoothedReluSum = new SmoothedReluSumOptions();
  private final AdamOptions adam = new AdamOptions();

  io.retort.kernels.binding.ConvolutionShape of(ConvolutionShape shape) {
    return convolution
        .images(shape.images())
        .input_height(shape.input().height())
        .input_width(shape.input().width())
        .input_channels(shape.input().channels())
        .output_channels(shape.outputChannels())
        .kernel_height(shape.kernel())
        .kernel_width(shape.kernel())
        .stride(shape.stride())
        .padding(shape.padding());
  }

  io.retort.kernels.binding.PoolingShape of(PoolingShape shape) {
    return pooling
        .images(shape.images())
        .input_height(shape.input().height())
        .input_width(shape.input().width())
        .channels(shape.input().channels())
        .kernel(shape.kernel())
        .stride(shape.stride())
        .padding(shape.padding());
  }

  BatchNormOptions of(BatchNormShape shape) {
    return batchNorm
        .rows(shape.rows())
        .channels(shape.channels())
        .epsilon(shape.epsilon())
        .rectify(shape.rectify() ? 1 : 0)
        .max_pool(shape.maxPool() == null ? null : of(shape.maxPool()));
  }

  SmoothedReluSumOptions of(SmoothedReluSumShape shape) {
    return smoothedReluSum
        .samples(shape.samples())
        .patches(shape.patches())
        .networks(shape.networks())
        .classes(shape.classes())
        .neurons(shape.neurons())
        .degree(shape.degree())
        .threshold(shape.threshold());
  }

  AdamOptions of(AdamStep step) {
    return adam.learning_rate(step.learningRate())
        .beta1(step.beta1())
        .beta2(step.beta2())
        .epsilon(step.epsilon())
        .weight_decay(step.weightDecay())
        .decoupled(step.decoupled() ? 1 : 0)
        .step(step.step());
  }

  @Override
  public void close() {
    convolution.close();
    pooling.close();
    batchNorm.close();
    smoothedReluSum.close();
    adam.close();
  }
}
