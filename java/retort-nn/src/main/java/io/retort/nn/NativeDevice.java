package io.retort.nn;

import io.retort.kernels.DistillationLoss;
import io.retort.kernels.EnsembleMean;
import io.retort.kernels.Labels;
import io.retort.kernels.LinearGradient;
import io.retort.kernels.LinearLayer;
import io.retort.kernels.Matrix;
import io.retort.kernels.Mean;
import io.retort.kernels.Members;
import io.retort.kernels.Output;
import io.retort.kernels.Totals;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;

/**
 * What devices of native memory have in common: the tensors, of which it keeps count, and the
 * checks of every operation's arguments, after which the operation of the same name computes on
 * pointers. The device's lock guards everything it owns, so no memory is freed while an operation
 * runs.
 */
abstract class NativeDevice implements Device {
  /** For the operations, which have their turn when they use it. */
  final NativeOptions options = new NativeOptions();

  private final int threads;
  private final DeviceMemory memory;
  private final TensorMemory tensors;
  private boolean closed;

  NativeDevice(int threads, DeviceMemory memory) {
    this.threads = threads;
    this.memory = memory;
    this.tensors = new TensorMemory(memory);
  }

  @Override
  public final int threads() {
    return threads;
  }

  // ---- memory -----------------------------------------------------------------------------------

  @Override
  public final synchronized Tensor tensor(long... shape) {
    long elements = Arguments.elements("shape", shape);
    checkOpen();
    String what = "a tensor " + Arrays.toString(shape);
    return NativeTensor.owning(this, tensors.allocate(elements, what), shape);
  }

  @Override
  public final synchronized IntTensor integers(long size) {
    Arguments.atLeast("size", size, 0);
    checkOpen();
    return NativeIntTensor.owning(this, tensors.allocate(size, "integers [" + size + "]"), size);
  }

  @Override
  public final synchronized int openTensors() {
    return tensors.openBlocks();
  }

  @Override
  public final synchronized long allocatedBytes() {
    return tensors.openBytes();
  }

  /** The memory of the tensors, for use under the device's lock. */
  final DeviceMemory memory() {
    return memory;
  }

  @Override
  public final synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    String leak = tensors.openBlocks() > 0 ? tensors.toString() : null;
    tensors.freeAll();
    options.close();
    release();
    if (leak != null) {
      throw new IllegalStateException("the device was closed with tensors still open: " + leak);
    }
  }

  /** Frees what the device has beside its tensors, of which none is open any more. */
  abstract void release();

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the device is closed");
    }
  }

  /** The memory of a tensor that must be open, of this device and of {@code size} elements. */
  final FloatPointer floats(String name, Tensor tensor, long size) {
    if (Arguments.notNull(name, tensor).device() != this) {
      throw new IllegalArgumentException(
          name + " must be on this device, got a tensor " + tensor + " of another");
    }
    if (tensor.size() != size) {
      throw new IllegalArgumentException(
          name + " must have " + size + " elements, got " + tensor.size() + " in " + tensor);
    }
    return ((NativeTensor) tensor).pointer(name);
  }

  private FloatPointer floatsOrNull(String name, Tensor tensor, long size) {
    return tensor == null ? null : floats(name, tensor, size);
  }

  // ---- convolution ------------------------------------------------------------------------------

  @Override
  public final synchronized void convolutionForward(
      ConvolutionShape shape, Tensor input, Tensor weights, Tensor bias, Tensor output) {
    checkOpen();
    Arguments.notNull("shape", shape);
    FloatPointer x = floats("input", input, shape.inputSize());
    FloatPointer w = floats("weights", weights, shape.weightsSize());
    FloatPointer b = floatsOrNull("bias", bias, shape.outputChannels());
    FloatPointer y = floats("output", output, shape.outputSize());
    convolutionForward(shape, x, w, b, y);
  }

  @Override
  public final synchronized void convolutionBackwardInput(
      ConvolutionShape shape, Tensor outputGradient, Tensor weights, Tensor inputGradient) {
    checkOpen();
    Arguments.notNull("shape", shape);
    FloatPointer dy = floats("outputGradient", outputGradient, shape.outputSize());
    FloatPointer w = floats("weights", weights, shape.weightsSize());
    FloatPointer dx = floats("inputGradient", inputGradient, shape.inputSize());
    convolutionBackwardInput(shape, dy, w, dx);
  }

  @Override
  public final synchronized void convolutionBackwardWeights(
      ConvolutionShape shape, Tensor input, Tensor outputGradient, Tensor weightsGradient) {
    checkOpen();
    Arguments.notNull("shape", shape);
    FloatPointer x = floats("input", input, shape.inputSize());
    FloatPointer dy = floats("outputGradient", outputGradient, shape.outputSize());
    FloatPointer dw = floats("weightsGradient", weightsGradient, shape.weightsSize());
    convolutionBackwardWeights(shape, x, dy, dw);
  }

  // ---- pooling ----------------------------------------------------------------------------------

  @Override
  public final synchronized void maxPoolForward(PoolingShape shape, Tensor input, Tensor output) {
    checkOpen();
    Arguments.notNull("shape", shape);
    FloatPointer x = floats("input", input, shape.inputSize());
    FloatPointer y = floats("output", output, shape.outputSize());
    maxPoolForward(shape, x, y);
  }

  @Override
  public final synchronized void maxPoolBackward(
      PoolingShape shape, Tensor input, Tensor outputGradient, Tensor inputGradient) {
    checkOpen();
    Arguments.notNull("shape", shape);
    FloatPointer x = floats("input", input, shape.inputSize());
    FloatPointer dy = floats("outputGradient", outputGradient, shape.outputSize());
    FloatPointer dx = floats("inputGradient", inputGradient, shape.inputSize());
    maxPoolBackward(shape, x, dy, dx);
  }

  @Override
  public final synchronized void maxPoolTangent(
      PoolingShape shape, Tensor input, Tensor inputTangent, Tensor outputTangent) {
    checkOpen();
    Arguments.notNull("shape", shape);
    FloatPointer x = floats("input", input, shape.inputSize());
    FloatPointer dx = floats("inputTangent", inputTangent, shape.inputSize());
    FloatPointer dy = floats("outputTangent", outputTangent, shape.outputSize());
    maxPoolTangent(shape, x, dx, dy);
  }

  @Override
  public final synchronized void averagePoolForward(
      PoolingShape shape, Tensor input, Tensor output) {
    checkOpen();
    Arguments.notNull("shape", shape);
    FloatPointer x = floats("input", input, shape.inputSize());
    FloatPointer y = floats("output", output, shape.outputSize());
    averagePoolForward(shape, x, y);
  }

  @Override
  public final synchronized void averagePoolBackward(
      PoolingShape shape, Tensor outputGradient, Tensor inputGradient) {
    checkOpen();
    Arguments.notNull("shape", shape);
    FloatPointer dy = floats("outputGradient", outputGradient, shape.outputSize());
    FloatPointer dx = floats("inputGradient", inputGradient, shape.inputSize());
    averagePoolBackward(shape, dy, dx);
  }

  // ---- batch normalisation ----------------------------------------------------------------------

  @Override
  public final synchronized void batchNormTraining(
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
    checkOpen();
    Arguments.notNull("shape", shape);
    int channels = shape.channels();
    FloatPointer x = floats("input", input, shape.size());
    FloatPointer gamma = floats("scale", scale, channels);
    FloatPointer beta = floats("shift", shift, channels);
    FloatPointer runningM = floatsOrNull("runningMean", runningMean, channels);
    FloatPointer runningV = floatsOrNull("runningVariance", runningVariance, channels);
    FloatPointer m = floats("mean", mean, channels);
    FloatPointer d = floats("inverseDeviation", inverseDeviation, channels);
    FloatPointer y = floats("output", output, shape.outputSize());
    batchNormTraining(shape, x, gamma, beta, momentum, runningM, runningV, m, d, y);
  }

  @Override
  public final synchronized void batchNormInference(
      BatchNormShape shape,
      Tensor input,
      Tensor scale,
      Tensor shift,
      Tensor runningMean,
      Tensor runningVariance,
      Tensor output) {
    checkOpen();
    Arguments.notNull("shape", shape);
    int channels = shape.channels();
    FloatPointer x = floats("input", input, shape.size());
    FloatPointer gamma = floats("scale", scale, channels);
    FloatPointer beta = floats("shift", shift, channels);
    FloatPointer m = floats("runningMean", runningMean, channels);
    FloatPointer v = floats("runningVariance", runningVariance, channels);
    FloatPointer y = floats("output", output, shape.outputSize());
    batchNormInference(shape, x, gamma, beta, m, v, y);
  }

  @Override
  public final synchronized void batchNormBackward(
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
    checkOpen();
    Arguments.notNull("shape", shape);
    int channels = shape.channels();
    FloatPointer x = floats("input", input, shape.size());
    FloatPointer gamma = floats("scale", scale, channels);
    FloatPointer beta = floats("shift", shift, channels);
    FloatPointer m = floats("mean", mean, channels);
    FloatPointer d = floats("inverseDeviation", inverseDeviation, channels);
    FloatPointer dy = floats("outputGradient", outputGradient, shape.outputSize());
    FloatPointer dx = floats("inputGradient", inputGradient, shape.size());
    FloatPointer dGamma = floats("scaleGradient", scaleGradient, channels);
    FloatPointer dBeta = floats("shiftGradient", shiftGradient, channels);
    batchNormBackward(shape, x, gamma, beta, m, d, dy, dx, dGamma, dBeta);
  }

  @Override
  public final synchronized void batchNormTangent(
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
    checkOpen();
    Arguments.notNull("shape", shape);
    int channels = shape.channels();
    FloatPointer x = floats("input", input, shape.size());
    FloatPointer gamma = floats("scale", scale, channels);
    FloatPointer beta = floats("shift", shift, channels);
    FloatPointer m = floats("mean", mean, channels);
    FloatPointer d = floats("inverseDeviation", inverseDeviation, channels);
    FloatPointer dx = floatsOrNull("inputTangent", inputTangent, shape.size());
    FloatPointer dGamma = floatsOrNull("scaleTangent", scaleTangent, channels);
    FloatPointer dBeta = floatsOrNull("shiftTangent", shiftTangent, channels);
    FloatPointer dy = floats("outputTangent", outputTangent, shape.outputSize());
    batchNormTangent(shape, x, gamma, beta, m, d, dx, dGamma, dBeta, dy);
  }

  // ---- matrix product and elementwise -----------------------------------------------------------

  @Override
  public final synchronized void matrixProduct(
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
    matrixProduct(transposeA, transposeB, m, n, k, left, right, accumulate, product);
  }

  private static long area(long rows, long columns) {
    return Arguments.elements("sizes", rows, columns);
  }

  @Override
  public final synchronized void reluForward(Tensor input, Tensor output) {
    checkOpen();
    long size = Arguments.notNull("input", input).size();
    FloatPointer x = floats("input", input, size);
    FloatPointer y = floats("output", output, size);
    reluForward(size, x, y);
  }

  @Override
  public final synchronized void reluBackward(
      Tensor output, Tensor outputGradient, Tensor inputGradient) {
    checkOpen();
    long size = Arguments.notNull("output", output).size();
    FloatPointer y = floats("output", output, size);
    FloatPointer dy = floats("outputGradient", outputGradient, size);
    FloatPointer dx = floats("inputGradient", inputGradient, size);
    reluBackward(size, y, dy, dx);
  }

  @Override
  public final synchronized void linearCombination(
      float a, Tensor x, float b, Tensor y, Tensor output) {
    checkOpen();
    long size = Arguments.notNull("x", x).size();
    FloatPointer first = floats("x", x, size);
    FloatPointer second = floats("y", y, size);
    FloatPointer sum = floats("output", output, size);
    linearCombination(size, a, first, b, second, sum);
  }

  @Override
  public final synchronized void addToRows(Tensor row, Tensor matrix) {
    checkOpen();
    long columns = Arguments.notNull("row", row).size();
    long rows = rows("matrix", matrix, columns);
    FloatPointer added = floats("row", row, columns);
    FloatPointer sum = floats("matrix", matrix, rows * columns);
    addToRows(rows, columns, added, sum);
  }

  @Override
  public final synchronized void columnSums(Tensor matrix, Tensor sums) {
    checkOpen();
    long columns = Arguments.notNull("sums", sums).size();
    long rows = rows("matrix", matrix, columns);
    FloatPointer summed = floats("matrix", matrix, rows * columns);
    FloatPointer result = floats("sums", sums, columns);
    columnSums(rows, columns, summed, result);
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

  @Override
  public final synchronized void smoothedReluSumForward(
      SmoothedReluSumShape shape, Tensor preActivations, Tensor output) {
    checkOpen();
    Arguments.notNull("shape", shape);
    FloatPointer a = floats("preActivations", preActivations, shape.preActivations());
    FloatPointer y = floats("output", output, shape.outputs());
    smoothedReluSumForward(shape, a, y);
  }

  @Override
  public final synchronized void smoothedReluSumBackward(
      SmoothedReluSumShape shape,
      Tensor preActivations,
      Tensor outputGradient,
      Tensor preActivationGradient) {
    checkOpen();
    Arguments.notNull("shape", shape);
    FloatPointer a = floats("preActivations", preActivations, shape.preActivations());
    FloatPointer dy = floats("outputGradient", outputGradient, shape.outputs());
    FloatPointer da =
        floats("preActivationGradient", preActivationGradient, shape.preActivations());
    smoothedReluSumBackward(shape, a, dy, da);
  }

  // ---- optimiser steps --------------------------------------------------------------------------

  @Override
  public final synchronized void sgdStep(
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
    sgdStep(size, learningRate, momentum, nesterov, weightDecay, g, v, p);
  }

  @Override
  public final synchronized void adamStep(
      AdamStep step, Tensor gradient, Tensor firstMoment, Tensor secondMoment, Tensor parameter) {
    checkOpen();
    Arguments.notNull("step", step);
    long size = Arguments.notNull("parameter", parameter).size();
    FloatPointer g = floats("gradient", gradient, size);
    FloatPointer m = floats("firstMoment", firstMoment, size);
    FloatPointer v = floats("secondMoment", secondMoment, size);
    FloatPointer p = floats("parameter", parameter, size);
    adamStep(step, size, g, m, v, p);
  }

  // ---- distillation -----------------------------------------------------------------------------

  @Override
  public final synchronized void softmax(Tensor logits, float temperature, Tensor output) {
    checkOpen();
    softmax(matrix("logits", logits), temperature, matrix("output", output));
  }

  @Override
  public final synchronized void ensembleMean(
      List<Tensor> members,
      float[] weights,
      Mean mean,
      float temperature,
      Output kind,
      Tensor output) {
    checkOpen();
    Members inputs = members("members", members);
    EnsembleMean options = EnsembleMean.of(inputs, weights, mean, temperature, kind);
    ensembleMean(options, inputs, matrix("output", output));
  }

  @Override
  public final synchronized Totals distillationLoss(
      DistillationLoss loss,
      Tensor student,
      List<Tensor> teachers,
      IntTensor labels,
      Tensor rowWeights,
      Tensor gradient,
      Tensor rowLoss) {
    checkOpen();
    return distillationLoss(
        Arguments.notNull("loss", loss),
        matrix("student", student),
        teachers == null || teachers.isEmpty() ? null : members("teachers", teachers),
        labels == null ? null : labels(labels),
        rowWeights == null ? null : column("rowWeights", rowWeights),
        gradient == null ? null : matrix("gradient", gradient),
        rowLoss == null ? null : column("rowLoss", rowLoss));
  }

  @Override
  public final synchronized Totals linearDistillation(
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
    return linearDistillation(
        loss,
        layer("student", student),
        layers.isEmpty() ? null : layers,
        labels == null ? null : labels(labels),
        rowWeights == null ? null : column("rowWeights", rowWeights),
        gradient == null ? null : gradient(gradient),
        rowLoss == null ? null : column("rowLoss", rowLoss),
        budget);
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
    return Labels.of(((NativeIntTensor) labels).pointer("labels"));
  }

  // ---- the operations on pointers, whose sizes have been checked --------------------------------

  abstract void convolutionForward(
      ConvolutionShape shape,
      FloatPointer input,
      FloatPointer weights,
      FloatPointer biasOrNull,
      FloatPointer output);

  abstract void convolutionBackwardInput(
      ConvolutionShape shape,
      FloatPointer outputGradient,
      FloatPointer weights,
      FloatPointer inputGradient);

  abstract void convolutionBackwardWeights(
      ConvolutionShape shape,
      FloatPointer input,
      FloatPointer outputGradient,
      FloatPointer weightsGradient);

  abstract void maxPoolForward(PoolingShape shape, FloatPointer input, FloatPointer output);

  abstract void maxPoolBackward(
      PoolingShape shape,
      FloatPointer input,
      FloatPointer outputGradient,
      FloatPointer inputGradient);

  abstract void maxPoolTangent(
      PoolingShape shape,
      FloatPointer input,
      FloatPointer inputTangent,
      FloatPointer outputTangent);

  abstract void averagePoolForward(PoolingShape shape, FloatPointer input, FloatPointer output);

  abstract void averagePoolBackward(
      PoolingShape shape, FloatPointer outputGradient, FloatPointer inputGradient);

  abstract void batchNormTraining(
      BatchNormShape shape,
      FloatPointer input,
      FloatPointer scale,
      FloatPointer shift,
      float momentum,
      FloatPointer runningMeanOrNull,
      FloatPointer runningVarianceOrNull,
      FloatPointer mean,
      FloatPointer inverseDeviation,
      FloatPointer output);

  abstract void batchNormInference(
      BatchNormShape shape,
      FloatPointer input,
      FloatPointer scale,
      FloatPointer shift,
      FloatPointer runningMean,
      FloatPointer runningVariance,
      FloatPointer output);

  abstract void batchNormBackward(
      BatchNormShape shape,
      FloatPointer input,
      FloatPointer scale,
      FloatPointer shift,
      FloatPointer mean,
      FloatPointer inverseDeviation,
      FloatPointer outputGradient,
      FloatPointer inputGradient,
      FloatPointer scaleGradient,
      FloatPointer shiftGradient);

  abstract void batchNormTangent(
      BatchNormShape shape,
      FloatPointer input,
      FloatPointer scale,
      FloatPointer shift,
      FloatPointer mean,
      FloatPointer inverseDeviation,
      FloatPointer inputTangentOrNull,
      FloatPointer scaleTangentOrNull,
      FloatPointer shiftTangentOrNull,
      FloatPointer outputTangent);

  abstract void matrixProduct(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      FloatPointer a,
      FloatPointer b,
      boolean accumulate,
      FloatPointer c);

  abstract void reluForward(long size, FloatPointer input, FloatPointer output);

  abstract void reluBackward(
      long size, FloatPointer output, FloatPointer outputGradient, FloatPointer inputGradient);

  abstract void linearCombination(
      long size, float a, FloatPointer x, float b, FloatPointer y, FloatPointer output);

  abstract void addToRows(long rows, long columns, FloatPointer row, FloatPointer matrix);

  abstract void columnSums(long rows, long columns, FloatPointer matrix, FloatPointer sums);

  abstract void smoothedReluSumForward(
      SmoothedReluSumShape shape, FloatPointer preActivations, FloatPointer output);

  abstract void smoothedReluSumBackward(
      SmoothedReluSumShape shape,
      FloatPointer preActivations,
      FloatPointer outputGradient,
      FloatPointer preActivationGradient);

  abstract void sgdStep(
      long size,
      float learningRate,
      float momentum,
      boolean nesterov,
      float weightDecay,
      FloatPointer gradient,
      FloatPointer velocityOrNull,
      FloatPointer parameter);

  abstract void adamStep(
      AdamStep step,
      long size,
      FloatPointer gradient,
      FloatPointer firstMoment,
      FloatPointer secondMoment,
      FloatPointer parameter);

  abstract void softmax(Matrix logits, float temperature, Matrix output);

  abstract void ensembleMean(EnsembleMean mean, Members members, Matrix output);

  abstract Totals distillationLoss(
      DistillationLoss loss,
      Matrix student,
      Members teachersOrNull,
      Labels labelsOrNull,
      Matrix rowWeightsOrNull,
      Matrix gradientOrNull,
      Matrix rowLossOrNull);

  abstract Totals linearDistillation(
      DistillationLoss loss,
      LinearLayer student,
      List<LinearLayer> teachersOrNull,
      Labels labelsOrNull,
      Matrix rowWeightsOrNull,
      LinearGradient gradientOrNull,
      Matrix rowLossOrNull,
      long budget);
}
