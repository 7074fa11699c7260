package io.retort.nn;

import io.retort.kernels.DistillationLoss;
import io.retort.kernels.EnsembleMean;
import io.retort.kernels.Labels;
import io.retort.kernels.LinearDistillation;
import io.retort.kernels.LinearGradient;
import io.retort.kernels.LinearLayer;
import io.retort.kernels.Matrix;
import io.retort.kernels.Members;
import io.retort.kernels.Softmax;
import io.retort.kernels.Status;
import io.retort.kernels.ThreadPool;
import io.retort.kernels.Totals;
import io.retort.kernels.binding.Retort;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;

/**
 * The processor. Operations run on a pool of native threads; OpenBLAS, set to one thread,
 * multiplies the blocks of a linear distillation.
 */
final class CpuDevice extends NativeDevice {
  private final ThreadPool pool;
  private final TensorMemory workspaceMemory = new TensorMemory(new CpuMemory());
  private FloatPointer workspace;
  private LinearDistillation linearDistillation;

  CpuDevice(int threads) {
    super(threads, new CpuMemory());
    this.pool = new ThreadPool(threads);
  }

  @Override
  public String name() {
    return DeviceKind.CPU.toString();
  }

  @Override
  public String description() {
    return "CPU, " + threads() + (threads() == 1 ? " thread" : " threads");
  }

  @Override
  void release() {
    pool.close();
    workspaceMemory.freeAll();
    if (linearDistillation != null) {
      linearDistillation.close();
    }
  }

  /**
   * At least {@code floats} of scratch, as its _workspace function asks for. That is -1, with a
   * message, where it refuses the sizes.
   */
  private FloatPointer workspace(long floats) {
    if (floats < 0) {
      Status.check(Retort.RETORT_INVALID_ARGUMENT);
    }
    if (workspace == null || workspace.capacity() < floats) {
      workspace = null;
      workspaceMemory.freeAll();
      workspace = workspaceMemory.allocate(floats, "a workspace").floats(0, floats);
    }
    return workspace;
  }

  @Override
  void convolutionForward(
      ConvolutionShape shape,
      FloatPointer input,
      FloatPointer weights,
      FloatPointer bias,
      FloatPointer output) {
    var values = options.of(shape);
    FloatPointer scratch = workspace(Retort.retort_convolution_workspace(values));
    pool.run(
        executor ->
            Retort.retort_convolution_forward(
                values, input, weights, bias, output, scratch, executor));
  }

  @Override
  void convolutionBackwardInput(
      ConvolutionShape shape,
      FloatPointer outputGradient,
      FloatPointer weights,
      FloatPointer inputGradient) {
    var values = options.of(shape);
    FloatPointer scratch = workspace(Retort.retort_convolution_workspace(values));
    pool.run(
        executor ->
            Retort.retort_convolution_backward_input(
                values, outputGradient, weights, inputGradient, scratch, executor));
  }

  @Override
  void convolutionBackwardWeights(
      ConvolutionShape shape,
      FloatPointer input,
      FloatPointer outputGradient,
      FloatPointer weightsGradient) {
    var values = options.of(shape);
    FloatPointer scratch = workspace(Retort.retort_convolution_workspace(values));
    pool.run(
        executor ->
            Retort.retort_convolution_backward_weights(
                values, input, outputGradient, weightsGradient, scratch, executor));
  }

  @Override
  void maxPoolForward(PoolingShape shape, FloatPointer input, FloatPointer output) {
    pool.run(
        executor -> Retort.retort_max_pool_forward(options.of(shape), input, output, executor));
  }

  @Override
  void maxPoolBackward(
      PoolingShape shape,
      FloatPointer input,
      FloatPointer outputGradient,
      FloatPointer inputGradient) {
    pool.run(
        executor ->
            Retort.retort_max_pool_backward(
                options.of(shape), input, outputGradient, inputGradient, executor));
  }

  @Override
  void maxPoolTangent(
      PoolingShape shape,
      FloatPointer input,
      FloatPointer inputTangent,
      FloatPointer outputTangent) {
    pool.run(
        executor ->
            Retort.retort_max_pool_tangent(
                options.of(shape), input, inputTangent, outputTangent, executor));
  }

  @Override
  void averagePoolForward(PoolingShape shape, FloatPointer input, FloatPointer output) {
    pool.run(
        executor -> Retort.retort_average_pool_forward(options.of(shape), input, output, executor));
  }

  @Override
  void averagePoolBackward(
      PoolingShape shape, FloatPointer outputGradient, FloatPointer inputGradient) {
    pool.run(
        executor ->
            Retort.retort_average_pool_backward(
                options.of(shape), outputGradient, inputGradient, executor));
  }

  @Override
  void batchNormTraining(
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
    var values = options.of(shape);
    FloatPointer scratch = workspace(Retort.retort_batch_norm_workspace(values));
    pool.run(
        executor ->
            Retort.retort_batch_norm_training(
                values,
                input,
                scale,
                shift,
                momentum,
                runningMean,
                runningVariance,
                mean,
                inverseDeviation,
                output,
                scratch,
                executor));
  }

  @Override
  void batchNormInference(
      BatchNormShape shape,
      FloatPointer input,
      FloatPointer scale,
      FloatPointer shift,
      FloatPointer runningMean,
      FloatPointer runningVariance,
      FloatPointer output) {
    pool.run(
        executor ->
            Retort.retort_batch_norm_inference(
                options.of(shape),
                input,
                scale,
                shift,
                runningMean,
                runningVariance,
                output,
                executor));
  }

  @Override
  void batchNormBackward(
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
    var values = options.of(shape);
    FloatPointer scratch = workspace(Retort.retort_batch_norm_workspace(values));
    pool.run(
        executor ->
            Retort.retort_batch_norm_backward(
                values,
                input,
                scale,
                shift,
                mean,
                inverseDeviation,
                outputGradient,
                inputGradient,
                scaleGradient,
                shiftGradient,
                scratch,
                executor));
  }

  @Override
  void batchNormTangent(
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
    var values = options.of(shape);
    FloatPointer scratch = workspace(Retort.retort_batch_norm_workspace(values));
    pool.run(
        executor ->
            Retort.retort_batch_norm_tangent(
                values,
                input,
                scale,
                shift,
                mean,
                inverseDeviation,
                inputTangent,
                scaleTangent,
                shiftTangent,
                outputTangent,
                scratch,
                executor));
  }

  @Override
  void reluForward(long size, FloatPointer input, FloatPointer output) {
    pool.run(executor -> Retort.retort_relu_forward(size, input, output, executor));
  }

  @Override
  void reluBackward(
      long size, FloatPointer output, FloatPointer outputGradient, FloatPointer inputGradient) {
    pool.run(
        executor ->
            Retort.retort_relu_backward(size, output, outputGradient, inputGradient, executor));
  }

  @Override
  void linearCombination(
      long size, float a, FloatPointer x, float b, FloatPointer y, FloatPointer output) {
    pool.run(executor -> Retort.retort_linear_combination(size, a, x, b, y, output, executor));
  }

  @Override
  void addToRows(long rows, long columns, FloatPointer row, FloatPointer matrix) {
    pool.run(executor -> Retort.retort_add_to_rows(rows, columns, row, matrix, executor));
  }

  @Override
  void columnSums(long rows, long columns, FloatPointer matrix, FloatPointer sums) {
    FloatPointer scratch = workspace(Retort.retort_column_sums_workspace(rows, columns));
    pool.run(executor -> Retort.retort_column_sums(rows, columns, matrix, sums, scratch, executor));
  }

  @Override
  void smoothedReluSumForward(
      SmoothedReluSumShape shape, FloatPointer preActivations, FloatPointer output) {
    pool.run(
        executor ->
            Retort.retort_smoothed_relu_sum_forward(
                options.of(shape), preActivations, output, executor));
  }

  @Override
  void smoothedReluSumBackward(
      SmoothedReluSumShape shape,
      FloatPointer preActivations,
      FloatPointer outputGradient,
      FloatPointer preActivationGradient) {
    pool.run(
        executor ->
            Retort.retort_smoothed_relu_sum_backward(
                options.of(shape),
                preActivations,
                outputGradient,
                preActivationGradient,
                executor));
  }

  @Override
  void sgdStep(
      long size,
      float learningRate,
      float momentum,
      boolean nesterov,
      float weightDecay,
      FloatPointer gradient,
      FloatPointer velocity,
      FloatPointer parameter) {
    pool.run(
        executor ->
            Retort.retort_sgd_step(
                size,
                learningRate,
                momentum,
                nesterov ? 1 : 0,
                weightDecay,
                gradient,
                velocity,
                parameter,
                executor));
  }

  @Override
  void adamStep(
      AdamStep step,
      long size,
      FloatPointer gradient,
      FloatPointer firstMoment,
      FloatPointer secondMoment,
      FloatPointer parameter) {
    pool.run(
        executor ->
            Retort.retort_adam_step(
                options.of(step), size, gradient, firstMoment, secondMoment, parameter, executor));
  }

  @Override
  void matrixProduct(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      FloatPointer a,
      FloatPointer b,
      boolean accumulate,
      FloatPointer c) {
    pool.run(
        executor ->
            Retort.retort_matrix_product(
                transposeA ? 1 : 0,
                transposeB ? 1 : 0,
                m,
                n,
                k,
                a,
                transposeA ? m : k,
                b,
                transposeB ? k : n,
                accumulate ? 1 : 0,
                c,
                n,
                null,
                executor));
  }

  @Override
  void softmax(Matrix logits, float temperature, Matrix output) {
    Softmax.forward(logits, temperature, output, pool);
  }

  @Override
  void ensembleMean(EnsembleMean mean, Members members, Matrix output) {
    mean.compute(members, output, pool);
  }

  @Override
  Totals distillationLoss(
      DistillationLoss loss,
      Matrix student,
      Members teachers,
      Labels labels,
      Matrix rowWeights,
      Matrix gradient,
      Matrix rowLoss) {
    return loss.compute(student, teachers, labels, rowWeights, gradient, rowLoss, pool);
  }

  @Override
  Totals linearDistillation(
      DistillationLoss loss,
      LinearLayer student,
      List<LinearLayer> teachers,
      Labels labels,
      Matrix rowWeights,
      LinearGradient gradient,
      Matrix rowLoss,
      long budget) {
    return linearDistillation(budget)
        .compute(loss, student, teachers, labels, rowWeights, gradient, rowLoss, pool);
  }

  private LinearDistillation linearDistillation(long budget) {
    if (linearDistillation == null || linearDistillation.budget() != budget) {
      LinearDistillation operation = new LinearDistillation(OpenBlas.sgemm(), budget);
      if (linearDistillation != null) {
        linearDistillation.close();
      }
      linearDistillation = operation;
    }
    return linearDistillation;
  }
}
