package io.retort.nn;

import io.retort.kernels.DistillationLoss;
import io.retort.kernels.EnsembleMean;
import io.retort.kernels.Labels;
import io.retort.kernels.LinearDistillation;
import io.retort.kernels.LinearGradient;
import io.retort.kernels.LinearLayer;
import io.retort.kernels.Matrix;
import io.retort.kernels.Mean;
import io.retort.kernels.Members;
import io.retort.kernels.Output;
import io.retort.kernels.Softmax;
import io.retort.kernels.Status;
import io.retort.kernels.ThreadPool;
import io.retort.kernels.Totals;
import io.retort.kernels.binding.AdamOptions;
import io.retort.kernels.binding.BatchNormOptions;
import io.retort.kernels.binding.Retort;
import io.retort.kernels.binding.SmoothedReluSumOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * The processor. Operations run on a pool of native threads; OpenBLAS, set to one thread,
 * multiplies the blocks that the kernels cut matrices into. The device's lock guards everything it
 * owns, so no memory is freed while an operation runs.
 */
final class CpuDevice implements Device {
  private final int threads;
  private final ThreadPool pool;
  private final Pointer sgemm = OpenBlas.sgemm();
  private final CpuMemory memory = new CpuMemory();
  private final CpuMemory workspaceMemory = new CpuMemory();
  private final io.retort.kernels.binding.ConvolutionShape convolution =
      new io.retort.kernels.binding.ConvolutionShape();
  private final io.retort.kernels.binding.PoolingShape pooling =
      new io.retort.kernels.binding.PoolingShape();
  private final BatchNormOptions batchNorm = new BatchNormOptions();
  private final SmoothedReluSumOptions smoothedReluSum = new SmoothedReluSumOptions();
  private final AdamOptions adam = new AdamOptions();
  private FloatPointer workspace;
  private LinearDistillation linearDistillation;
  private boolean closed;

  CpuDevice(int threads) {
    this.threads = threads;
    this.pool = new ThreadPool(threads);
  }

  @Override
  public String name() {
    return DeviceKind.CPU.toString();
  }

  @Override
  public int threads() {
    return threads;
  }

  // ---- memory -----------------------------------------------------------------------------------

  @Override
  public synchronized Tensor tensor(long... shape) {
    long elements = Arguments.elements("shape", shape);
    checkOpen();
    String what = "a tensor " + Arrays.toString(shape);
    return CpuTensor.owning(this, memory.allocate(elements, what), shape);
  }

  @Override
  public synchronized IntTensor integers(long size) {
    Arguments.atLeast("size", size, 0);
    checkOpen();
    return CpuIntTensor.owning(this, memory.allocate(size, "integers [" + size + "]"), size);
  }

  @Override
  public synchronized int openTensors() {
    return memory.openBlocks();
  }

  @Override
  public synchronized long allocatedBytes() {
    return memory.openBytes();
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    pool.close();
    workspaceMemory.freeAll();
    convolution.close();
    pooling.close();
    batchNorm.close();
    smoothedReluSum.close();
    adam.close();
    if (linearDistillation != null) {
      linearDistillation.close();
    }
    if (memory.openBlocks() > 0) {
      String leak = memory.toString();
      memory.freeAll();
      throw new IllegalStateException("the device was closed with tensors still open: " + leak);
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the device is closed");
    }
  }

  /** The memory of a tensor that must be open, of this device and of {@code size} elements. */
  FloatPointer floats(String name, Tensor tensor, long size) {
    if (Arguments.notNull(name, tensor).device() != this) {
      throw new IllegalArgumentException(
          name + " must be on this device, got a tensor " + tensor + " of another");
    }
    if (tensor.size() != size) {
      throw new IllegalArgumentException(
          name + " must have " + size + " elements, got " + tensor.size() + " in " + tensor);
    }
    return ((CpuTensor) tensor).pointer(name);
  }

  private FloatPointer floatsOrNull(String name, Tensor tensor, long size) {
    return tensor == null ? null : floats(name, tensor, size);
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

  private void run(ToIntFunction<Pointer> call) {
    pool.run(call);
  }

  // ---- convolution ------------------------------------------------------------------------------

  private void use(ConvolutionShape shape) {
    checkOpen();
    Arguments.notNull("shape", shape);
    convolution
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

  @Override
  public synchronized void convolutionForward(
      ConvolutionShape shape, Tensor input, Tensor weights, Tensor bias, Tensor output) {
    use(shape);
    FloatPointer x = floats("input", input, shape.inputSize());
    FloatPointer w = floats("weights", weights, shape.weightsSize());
    FloatPointer b = floatsOrNull("bias", bias, shape.outputChannels());
    FloatPointer y = floats("output", output, shape.outputSize());
    FloatPointer scratch = workspace(Retort.retort_convolution_workspace(convolution));
    run(executor -> Retort.retort_convolution_forward(convolution, x, w, b, y, scratch, executor));
  }

  @Override
  public synchronized void convolutionBackwardInput(
      ConvolutionShape shape, Tensor outputGradient, Tensor weights, Tensor inputGradient) {
    use(shape);
    FloatPointer dy = floats("outputGradient", outputGradient, shape.outputSize());
    FloatPointer w = floats("weights", weights, shape.weightsSize());
    FloatPointer dx = floats("inputGradient", inputGradient, shape.inputSize());
    FloatPointer scratch = workspace(Retort.retort_convolution_workspace(convolution));
    run(
        executor ->
            Retort.retort_convolution_backward_input(convolution, dy, w, dx, scratch, executor));
  }

  @Override
  public synchronized void convolutionBackwardWeights(
      ConvolutionShape shape, Tensor input, Tensor outputGradient, Tensor weightsGradient) {
    use(shape);
    FloatPointer x = floats("input", input, shape.inputSize());
    FloatPointer dy = floats("outputGradient", outputGradient, shape.outputSize());
    FloatPointer dw = floats("weightsGradient", weightsGradient, shape.weightsSize());
    FloatPointer scratch = workspace(Retort.retort_convolution_workspace(convolution));
    run(
        executor ->
            Retort.retort_convolution_backward_weights(convolution, x, dy, dw, scratch, executor));
  }

  // ---- pooling ----------------------------------------------------------------------------------

  private void use(PoolingShape shape) {
    checkOpen();
    Arguments.notNull("shape", shape);
    pooling
        .images(shape.images())
        .input_height(shape.input().height())
        .input_width(shape.input().width())
        .channels(shape.input().channels())
        .kernel(shape.kernel())
        .stride(shape.stride())
        .padding(shape.padding());
  }

  @Override
  public synchronized void maxPoolForward(PoolingShape shape, Tensor input, Tensor output) {
    use(shape);
    FloatPointer x = floats("input", input, shape.inputSize());
    FloatPointer y = floats("output", output, shape.outputSize());
    run(executor -> Retort.retort_max_pool_forward(pooling, x, y, executor));
  }

  @Override
  public synchronized void maxPoolBackward(
      PoolingShape shape, Tensor input, Tensor outputGradient, Tensor inputGradient) {
    use(shape);
    FloatPointer x = floats("input", input, shape.inputSize());
    FloatPointer dy = floats("outputGradient", outputGradient, shape.outputSize());
    FloatPointer dx = floats("inputGradient", inputGradient, shape.inputSize());
    run(executor -> Retort.retort_max_pool_backward(pooling, x, dy, dx, executor));
  }

  @Override
  public synchronized void maxPoolTangent(
      PoolingShape shape, Tensor input, Tensor inputTangent, Tensor outputTangent) {
    use(shape);
    FloatPointer x = floats("input", input, shape.inputSize());
    FloatPointer dx = floats("inputTangent", inputTangent, shape.inputSize());
    FloatPointer dy = floats("outputTangent", outputTangent, shape.outputSize());
    run(executor -> Retort.retort_max_pool_tangent(pooling, x, dx, dy, executor));
  }

  @Override
  public synchronized void averagePoolForward(PoolingShape shape, Tensor input, Tensor output) {
    use(shape);
    FloatPointer x = floats("input", input, shape.inputSize());
    FloatPointer y = floats("output", output, shape.outputSize());
    run(executor -> Retort.retort_average_pool_forward(pooling, x, y, executor));
  }

  @Override
  public synchronized void averagePoolBackward(
      PoolingShape shape, Tensor outputGradient, Tensor inputGradient) {
    use(shape);
    FloatPointer dy = floats("outputGradient", outputGradient, shape.outputSize());
    FloatPointer dx = floats("inputGradient", inputGradient, shape.inputSize());
    run(executor -> Retort.retort_average_pool_backward(pooling, dy, dx, executor));
  }

  // ---- batch normalisation ----------------------------------------------------------------------

  private void use(BatchNormShape shape) {
    checkOpen();
    Arguments.notNull("shape", shape);
    batchNorm
        .rows(shape.rows())
        .channels(shape.channels())
        .epsilon(shape.epsilon())
        .rectify(shape.rectify() ? 1 : 0);
  }

  @Override
  public synchronized void batchNormTraining(
      BatchNormShape shape,
      Tensor input,
      Tensor scale,
      Tensor shift,
      float momentum,
      Tensor runningMean,
      Tensor runningVariance,
      Tensor mean,
      Tensor inverseDeviation,
      Tensor output) {
    use(shape);
    int channels = shape.channels();
    FloatPointer x = floats("input", input, shape.size());
    FloatPointer gamma = floats("scale", scale, channels);
    FloatPointer beta = floats("shift", shift, channels);
    FloatPointer runningM = floatsOrNull("runningMean", runningMean, channels);
    FloatPointer runningV = floatsOrNull("runningVariance", runningVariance, channels);
    FloatPointer m = floats("mean", mean, channels);
    FloatPointer d = floats("inverseDeviation", inverseDeviation, channels);
    FloatPointer y = floats("output", output, shape.size());
    FloatPointer scratch = workspace(Retort.retort_batch_norm_workspace(batchNorm));
    run(
        executor ->
            Retort.retort_batch_norm_training(
                batchNorm, x, gamma, beta, momentum, runningM, runningV, m, d, y, scratch,
                executor));
  }

  @Override
  public synchronized void batchNormInference(
      BatchNormShape shape,
      Tensor input,
      Tensor scale,
      Tensor shift,
      Tensor runningMean,
      Tensor runningVariance,
      Tensor output) {
    use(shape);
    int channels = shape.channels();
    FloatPointer x = floats("input", input, shape.size());
    FloatPointer gamma = floats("scale", scale, channels);
    FloatPointer beta = floats("shift", shift, channels);
    FloatPointer m = floats("runningMean", runningMean, channels);
    FloatPointer v = floats("runningVariance", runningVariance, channels);
    FloatPointer y = floats("output", output, shape.size());
    run(
        executor ->
            Retort.retort_batch_norm_inference(batchNorm, x, gamma, beta, m, v, y, executor));
  }

  @Override
  public synchronized void batchNormBackward(
      BatchNormShape shape,
      Tensor input,
      Tensor scale,
      Tensor shift,
      Tensor mean,
      Tensor inverseDeviation,
      Tensor outputGradient,
      Tensor inputGradient,
      Tensor scaleGradient,
      Tensor shiftGradient) {
    use(shape);
    int channels = shape.channels();
    FloatPointer x = floats("input", input, shape.size());
    FloatPointer gamma = floats("scale", scale, channels);
    FloatPointer beta = floats("shift", shift, channels);
    FloatPointer m = floats("mean", mean, channels);
    FloatPointer d = floats("inverseDeviation", inverseDeviation, channels);
    FloatPointer dy = floats("outputGradient", outputGradient, shape.size());
    FloatPointer dx = floats("inputGradient", inputGradient, shape.size());
    FloatPointer dGamma = floats("scaleGradient", scaleGradient, channels);
    FloatPointer dBeta = floats("shiftGradient", shiftGradient, channels);
    FloatPointer scratch = workspace(Retort.retort_batch_norm_workspace(batchNorm));
    run(
        executor ->
            Retort.retort_batch_norm_backward(
                batchNorm, x, gamma, beta, m, d, dy, dx, dGamma, dBeta, scratch, executor));
  }

  @Override
  public synchronized void batchNormTangent(
      BatchNormShape shape,
      Tensor input,
      Tensor scale,
      Tensor shift,
      Tensor mean,
      Tensor inverseDeviation,
      Tensor inputTangent,
      Tensor scaleTangent,
      Tensor shiftTangent,
      Tensor outputTangent) {
    use(shape);
    int channels = shape.channels();
    FloatPointer x = floats("input", input, shape.size());
    FloatPointer gamma = floats("scale", scale, channels);
    FloatPointer beta = floats("shift", shift, channels);
    FloatPointer m = floats("mean", mean, channels);
    FloatPointer d = floats("inverseDeviation", inverseDeviation, channels);
    FloatPointer dx = floatsOrNull("inputTangent", inputTangent, shape.size());
    FloatPointer dGamma = floatsOrNull("scaleTangent", scaleTangent, channels);
    FloatPointer dBeta = floatsOrNull("shiftTangent", shiftTangent, channels);
    FloatPointer dy = floats("outputTangent", outputTangent, shape.size());
    FloatPointer scratch = workspace(Retort.retort_batch_norm_workspace(batchNorm));
    run(
        executor ->
            Retort.retort_batch_norm_tangent(
                batchNorm, x, gamma, beta, m, d, dx, dGamma, dBeta, dy, scratch, executor));
  }

  // ---- matrix product and elementwise -----------------------------------------------------------

  @Override
  public synchronized void matrixProduct(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      Tensor a,
      Tensor b,
      boolean accumulate,
      Tensor c) {
    checkOpen();
    FloatPointer left = floats("a", a, area(m, k));
    FloatPointer right = floats("b", b, area(k, n));
    FloatPointer product = floats("c", c, area(m, n));
    run(
        executor ->
            Retort.retort_matrix_product(
                transposeA ? 1 : 0,
                transposeB ? 1 : 0,
                m,
                n,
                k,
                left,
                transposeA ? m : k,
                right,
                transposeB ? k : n,
                accumulate ? 1 : 0,
                product,
                n,
                sgemm,
                executor));
  }

  private static long area(long rows, long columns) {
    return Arguments.elements("sizes", rows, columns);
  }

  @Override
  public synchronized void reluForward(Tensor input, Tensor output) {
    checkOpen();
    long size = Arguments.notNull("input", input).size();
    FloatPointer x = floats("input", input, size);
    FloatPointer y = floats("output", output, size);
    run(executor -> Retort.retort_relu_forward(size, x, y, executor));
  }

  @Override
  public synchronized void reluBackward(
      Tensor output, Tensor outputGradient, Tensor inputGradient) {
    checkOpen();
    long size = Arguments.notNull("output", output).size();
    FloatPointer y = floats("output", output, size);
    FloatPointer dy = floats("outputGradient", outputGradient, size);
    FloatPointer dx = floats("inputGradient", inputGradient, size);
    run(executor -> Retort.retort_relu_backward(size, y, dy, dx, executor));
  }

  @Override
  public synchronized void linearCombination(float a, Tensor x, float b, Tensor y, Tensor output) {
    checkOpen();
    long size = Arguments.notNull("x", x).size();
    FloatPointer first = floats("x", x, size);
    FloatPointer second = floats("y", y, size);
    FloatPointer sum = floats("output", output, size);
    run(executor -> Retort.retort_linear_combination(size, a, first, b, second, sum, executor));
  }

  @Override
  public synchronized void addToRows(Tensor row, Tensor matrix) {
    checkOpen();
    long columns = Arguments.notNull("row", row).size();
    long rows = rows("matrix", matrix, columns);
    FloatPointer added = floats("row", row, columns);
    FloatPointer sum = floats("matrix", matrix, rows * columns);
    run(executor -> Retort.retort_add_to_rows(rows, columns, added, sum, executor));
  }

  @Override
  public synchronized void columnSums(Tensor matrix, Tensor sums) {
    checkOpen();
    long columns = Arguments.notNull("sums", sums).size();
    long rows = rows("matrix", matrix, columns);
    FloatPointer summed = floats("matrix", matrix, rows * columns);
    FloatPointer result = floats("sums", sums, columns);
    FloatPointer scratch = workspace(Retort.retort_column_sums_workspace(rows, columns));
    run(executor -> Retort.retort_column_sums(rows, columns, summed, result, scratch, executor));
  }

  private static long rows(String name, Tensor matrix, long columns) {
    long size = Arguments.notNull(name, matrix).size();
    if (columns == 0 || size % columns != 0) {
      throw new IllegalArgumentException(
          name + " must have rows of " + columns + " elements, got " + matrix);
    }
    return size / columns;
  }

  // ---- smoothed ReLU sum ------------------------------------------------------------------------

  private void use(SmoothedReluSumShape shape) {
    checkOpen();
    Arguments.notNull("shape", shape);
    smoothedReluSum
        .samples(shape.samples())
        .patches(shape.patches())
        .networks(shape.networks())
        .classes(shape.classes())
        .neurons(shape.neurons())
        .degree(shape.degree())
        .threshold(shape.threshold());
  }

  @Override
  public synchronized void smoothedReluSumForward(
      SmoothedReluSumShape shape, Tensor preActivations, Tensor output) {
    use(shape);
    FloatPointer a = floats("preActivations", preActivations, shape.preActivations());
    FloatPointer y = floats("output", output, shape.outputs());
    run(executor -> Retort.retort_smoothed_relu_sum_forward(smoothedReluSum, a, y, executor));
  }

  @Override
  public synchronized void smoothedReluSumBackward(
      SmoothedReluSumShape shape,
      Tensor preActivations,
      Tensor outputGradient,
      Tensor preActivationGradient) {
    use(shape);
    FloatPointer a = floats("preActivations", preActivations, shape.preActivations());
    FloatPointer dy = floats("outputGradient", outputGradient, shape.outputs());
    FloatPointer da =
        floats("preActivationGradient", preActivationGradient, shape.preActivations());
    run(executor -> Retort.retort_smoothed_relu_sum_backward(smoothedReluSum, a, dy, da, executor));
  }

  // ---- optimiser steps --------------------------------------------------------------------------

  @Override
  public synchronized void sgdStep(
      float learningRate,
      float momentum,
      boolean nesterov,
      float weightDecay,
      Tensor gradient,
      Tensor velocity,
      Tensor parameter) {
    checkOpen();
    long size = Arguments.notNull("parameter", parameter).size();
    FloatPointer g = floats("gradient", gradient, size);
    FloatPointer v = floatsOrNull("velocity", velocity, size);
    FloatPointer p = floats("parameter", parameter, size);
    run(
        executor ->
            Retort.retort_sgd_step(
                size, learningRate, momentum, nesterov ? 1 : 0, weightDecay, g, v, p, executor));
  }

  @Override
  public synchronized void adamStep(
      AdamStep step, Tensor gradient, Tensor firstMoment, Tensor secondMoment, Tensor parameter) {
    checkOpen();
    Arguments.notNull("step", step);
    adam.learning_rate(step.learningRate())
        .beta1(step.beta1())
        .beta2(step.beta2())
        .epsilon(step.epsilon())
        .weight_decay(step.weightDecay())
        .decoupled(step.decoupled() ? 1 : 0)
        .step(step.step());
    long size = Arguments.notNull("parameter", parameter).size();
    FloatPointer g = floats("gradient", gradient, size);
    FloatPointer m = floats("firstMoment", firstMoment, size);
    FloatPointer v = floats("secondMoment", secondMoment, size);
    FloatPointer p = floats("parameter", parameter, size);
    run(executor -> Retort.retort_adam_step(adam, size, g, m, v, p, executor));
  }

  // ---- distillation -----------------------------------------------------------------------------

  @Override
  public synchronized void softmax(Tensor logits, float temperature, Tensor output) {
    checkOpen();
    Softmax.forward(matrix("logits", logits), temperature, matrix("output", output), pool);
  }

  @Override
  public synchronized void ensembleMean(
      List<Tensor> members,
      float[] weights,
      Mean mean,
      float temperature,
      Output kind,
      Tensor output) {
    checkOpen();
    EnsembleMean.compute(
        members("members", members),
        weights,
        mean,
        temperature,
        kind,
        matrix("output", output),
        pool);
  }

  @Override
  public synchronized Totals distillationLoss(
      DistillationLoss loss,
      Tensor student,
      List<Tensor> teachers,
      IntTensor labels,
      Tensor rowWeights,
      Tensor gradient,
      Tensor rowLoss) {
    checkOpen();
    return Arguments.notNull("loss", loss)
        .compute(
            matrix("student", student),
            teachers == null || teachers.isEmpty() ? null : members("teachers", teachers),
            labels == null ? null : labels(labels),
            rowWeights == null ? null : column("rowWeights", rowWeights),
            gradient == null ? null : matrix("gradient", gradient),
            rowLoss == null ? null : column("rowLoss", rowLoss),
            pool);
  }

  @Override
  public synchronized Totals linearDistillation(
      DistillationLoss loss,
      LinearTensors student,
      List<LinearTensors> teachers,
      IntTensor labels,
      Tensor rowWeights,
      LinearTensors gradient,
      Tensor rowLoss,
      long budget) {
    checkOpen();
    List<LinearLayer> layers = new ArrayList<>();
    for (LinearTensors teacher : teachers == null ? List.<LinearTensors>of() : teachers) {
      layers.add(layer("teacher " + layers.size(), teacher));
    }
    return linearDistillation(budget)
        .compute(
            loss,
            layer("student", student),
            layers.isEmpty() ? null : layers,
            labels == null ? null : labels(labels),
            rowWeights == null ? null : column("rowWeights", rowWeights),
            gradient == null ? null : gradient(gradient),
            rowLoss == null ? null : column("rowLoss", rowLoss),
            pool);
  }

  private LinearDistillation linearDistillation(long budget) {
    if (linearDistillation == null || linearDistillation.budget() != budget) {
      LinearDistillation operation = new LinearDistillation(sgemm, budget);
      if (linearDistillation != null) {
        linearDistillation.close();
      }
      linearDistillation = operation;
    }
    return linearDistillation;
  }

  private LinearLayer layer(String name, LinearTensors tensors) {
    Arguments.notNull(name, tensors);
    return new LinearLayer(
        matrix(name + " hidden", tensors.hidden()),
        matrix(name + " weights", tensors.weights()),
        tensors.bias() == null ? null : column(name + " bias", tensors.bias()));
  }

  private LinearGradient gradient(LinearTensors tensors) {
    return new LinearGradient(
        tensors.hidden() == null ? null : matrix("gradient hidden", tensors.hidden()),
        tensors.weights() == null ? null : matrix("gradient weights", tensors.weights()),
        tensors.bias() == null ? null : column("gradient bias", tensors.bias()));
  }

  private Matrix matrix(String name, Tensor tensor) {
    long[] shape = Arguments.notNull(name, tensor).shape();
    if (shape.length != 2) {
      throw new IllegalArgumentException(name + " must be [rows, classes], got " + tensor);
    }
    return Matrix.of(floats(name, tensor, tensor.size()), shape[0], shape[1]);
  }

  private Matrix column(String name, Tensor tensor) {
    return Matrix.of(floats(name, tensor, tensor.size()), tensor.size(), 1);
  }

  private Members members(String name, List<Tensor> tensors) {
    Arguments.notNull(name, tensors);
    Matrix[] matrices = new Matrix[tensors.size()];
    for (int i = 0; i < matrices.length; i++) {
      matrices[i] = matrix(name + "[" + i + "]", tensors.get(i));
    }
    return Members.of(matrices);
  }

  private Labels labels(IntTensor labels) {
    if (labels.device() != this) {
      throw new IllegalArgumentException("labels must be on this device, got those of another");
    }
    return Labels.of(((CpuIntTensor) labels).pointer("labels"));
  }
}
