package io.retort.nn;

import io.retort.kernels.DistillationLoss;
import io.retort.kernels.Mean;
import io.retort.kernels.Output;
import io.retort.kernels.RetortException;
import io.retort.kernels.Totals;
import java.util.List;
import java.util.Optional;

/**
 * Where tensors live and operations run.
 *
 * <p>An operation bears the name it has in {@code retort/network.h} and {@code retort/retort.h},
 * which say what it computes. It checks that every tensor is open, of this device and of the size
 * that its shape argument asks for: {@link IllegalStateException} where it is closed, {@link
 * IllegalArgumentException} naming it otherwise. Outputs and inputs are apart unless said
 * otherwise. An operation overwrites its outputs.
 *
 * <p>A device may be used from several threads: its operations take turns. The same arguments give
 * the same bits for any number of threads.
 *
 * <p>What lies in a GPU's memory is not looked at before an operation runs: where the CPU refuses a
 * label out of range, or a row weight that is negative or not finite, a GPU makes the loss NaN.
 */
public interface Device extends AutoCloseable {
  /** Opens a device that multiplies in f32, as {@link #open(DeviceKind, int, Precision)}. */
  static Device open(DeviceKind kind, int threads) {
    return open(kind, threads, Precision.F32);
  }

  /**
   * Opens a device; the caller closes it, last of all.
   *
   * @param kind which
   * @param threads how many threads operations on the CPU use, up to 1024; 0 for one a processor
   * @param precision what products and convolutions multiply
   * @throws IllegalArgumentException if it is the CPU and the precision is not f32
   * @throws RetortException if this machine has no such device
   */
  static Device open(DeviceKind kind, int threads, Precision precision) {
    Arguments.atLeast("threads", threads, 0);
    int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    Arguments.notNull("precision", precision).requireOn(Arguments.notNull("kind", kind));
    if (kind.resolve() == DeviceKind.CPU) {
      return new CpuDevice(count);
    }
    try {
      return CudaDevice.open(count, precision);
    } catch (RetortException missing) {
      throw new RetortException(
          "no CUDA device, because "
              + missing.getMessage()
              + "; use the CPU instead: DeviceKind.CPU, or --device cpu",
          missing);
    }
  }

  /**
   * Why {@link DeviceKind#AUTO} takes the CPU in this process; empty where it takes a GPU. The
   * first call finds it out by opening one.
   */
  static Optional<String> whyNoCuda() {
    return CudaDevice.missing();
  }

  /** {@code cpu} or {@code cuda}. */
  String name();

  /** What it is, for people: for a GPU its name and memory and the versions of its libraries. */
  String description();

  /** Threads that operations on the CPU use. */
  int threads();

  /** A tensor of zeros, which the caller closes. */
  Tensor tensor(long... shape);

  /** A vector of integer zeros, which the caller closes. */
  IntTensor integers(long size);

  /** Tensors not closed yet, views not counted. */
  int openTensors();

  /** Bytes of the tensors not closed yet. The workspace of the device itself is not counted. */
  long allocatedBytes();

  /**
   * Ends the device's threads and frees its memory. Closing twice is no error.
   *
   * @throws IllegalStateException if tensors were still open, naming how many, how large and the
   *     first of them; the device has freed them then, and is closed all the same
   */
  @Override
  void close();

  // ---- convolution ------------------------------------------------------------------------------

  /**
   * {@code output} = convolution of {@code input} with {@code weights}, plus {@code bias}.
   *
   * @param bias [output channels], or null for none
   */
  void convolutionForward(
      ConvolutionShape shape, Tensor input, Tensor weights, Tensor bias, Tensor output);

  /** The gradient on the input. */
  void convolutionBackwardInput(
      ConvolutionShape shape, Tensor outputGradient, Tensor weights, Tensor inputGradient);

  /** The gradient on the weights; that on the bias is {@link #columnSums}. */
  void convolutionBackwardWeights(
      ConvolutionShape shape, Tensor input, Tensor outputGradient, Tensor weightsGradient);

  // ---- pooling ----------------------------------------------------------------------------------

  /** {@code output} = the largest value of each window. */
  void maxPoolForward(PoolingShape shape, Tensor input, Tensor output);

  /** Gives each window's gradient to its winner. */
  void maxPoolBackward(
      PoolingShape shape, Tensor input, Tensor outputGradient, Tensor inputGradient);

  /** {@code outputTangent} = the tangent of each window's winner. */
  void maxPoolTangent(PoolingShape shape, Tensor input, Tensor inputTangent, Tensor outputTangent);

  /** {@code output} = the mean of each window. */
  void averagePoolForward(PoolingShape shape, Tensor input, Tensor output);

  /** Spreads each window's gradient evenly. */
  void averagePoolBackward(PoolingShape shape, Tensor outputGradient, Tensor inputGradient);

  // ---- batch normalisation ----------------------------------------------------------------------

  /**
   * Normalises by the batch's statistics, writes them to {@code mean} and {@code inverseDeviation}
   * and moves the running ones towards them by {@code momentum}. The output may be the input,
   * unless a max pooling follows, whose output it then is.
   *
   * @param runningMean [channels]; may be null together with {@code runningVariance}
   */
  void batchNormTraining(
      BatchNormShape shape,
      Tensor input,
      Tensor scale,
      Tensor shift,
      float momentum,
      Tensor runningMean,
      Tensor runningVariance,
      Tensor mean,
      Tensor inverseDeviation,
      Tensor output);

  /** Normalises by the running statistics. The output is as in {@link #batchNormTraining}. */
  void batchNormInference(
      BatchNormShape shape,
      Tensor input,
      Tensor scale,
      Tensor shift,
      Tensor runningMean,
      Tensor runningVariance,
      Tensor output);

  /**
   * The gradients of {@link #batchNormTraining}, given its input and the statistics it wrote.
   * {@code inputGradient} may be {@code outputGradient}, unless a max pooling follows.
   */
  void batchNormBackward(
      BatchNormShape shape,
      Tensor input,
      Tensor scale,
      Tensor shift,
      Tensor mean,
      Tensor inverseDeviation,
      Tensor outputGradient,
      Tensor inputGradient,
      Tensor scaleGradient,
      Tensor shiftGradient);

  /** The tangent of {@link #batchNormTraining}; each given tangent may be null for 0. */
  void batchNormTangent(
      BatchNormShape shape,
      Tensor input,
      Tensor scale,
      Tensor shift,
      Tensor mean,
      Tensor inverseDeviation,
      Tensor inputTangent,
      Tensor scaleTangent,
      Tensor shiftTangent,
      Tensor outputTangent);

  // ---- matrix product and elementwise -----------------------------------------------------------

  /**
   * {@code c = op(a) * op(b)}, plus {@code c} where {@code accumulate}; op transposes where its
   * flag is set. op(a) is [m, k], op(b) [k, n], c [m, n], all without gaps.
   */
  void matrixProduct(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      Tensor a,
      Tensor b,
      boolean accumulate,
      Tensor c);

  /** {@code output = max(0, input)}; it may be the input. */
  void reluForward(Tensor input, Tensor output);

  /**
   * {@code inputGradient = outputGradient} where {@code output > 0}, else 0; also the tangent. It
   * may be {@code outputGradient}.
   */
  void reluBackward(Tensor output, Tensor outputGradient, Tensor inputGradient);

  /** {@code output = a * x + b * y}; it may be x or y. */
  void linearCombination(float a, Tensor x, float b, Tensor y, Tensor output);

  /** Adds {@code row} to every row of {@code matrix}, whose rows have as many elements. */
  void addToRows(Tensor row, Tensor matrix);

  /** {@code sums} = the sum of the rows of {@code matrix}, whose rows have as many elements. */
  void columnSums(Tensor matrix, Tensor sums);

  // ---- smoothed ReLU sum ------------------------------------------------------------------------

  /**
   * {@code output} = the sum of the smoothed ReLUs over the patches of a sample and the neurons of
   * a class.
   *
   * @param preActivations [samples * patches, networks * classes * neurons]
   * @param output [networks, samples, classes]
   */
  void smoothedReluSumForward(SmoothedReluSumShape shape, Tensor preActivations, Tensor output);

  /** The gradient on the pre-activations; it may be {@code preActivations}. */
  void smoothedReluSumBackward(
      SmoothedReluSumShape shape,
      Tensor preActivations,
      Tensor outputGradient,
      Tensor preActivationGradient);

  // ---- optimiser steps --------------------------------------------------------------------------

  /**
   * A step of stochastic gradient descent.
   *
   * @param velocity as {@code parameter}; may be null where {@code momentum} is 0
   */
  void sgdStep(
      float learningRate,
      float momentum,
      boolean nesterov,
      float weightDecay,
      Tensor gradient,
      Tensor velocity,
      Tensor parameter);

  /** A step of Adam or AdamW. */
  void adamStep(
      AdamStep step, Tensor gradient, Tensor firstMoment, Tensor secondMoment, Tensor parameter);

  // ---- distillation -----------------------------------------------------------------------------

  /**
   * {@code output = softmax(logits / temperature)}, row by row; it may be the logits.
   *
   * @param logits [rows, classes]
   */
  void softmax(Tensor logits, float temperature, Tensor output);

  /**
   * The mean of an ensemble, see {@link io.retort.kernels.EnsembleMean}.
   *
   * @param members logits, each [rows, classes]
   * @param weights one a member, or null for equal ones
   * @param output [rows, classes]; may be a member
   */
  void ensembleMean(
      List<Tensor> members,
      float[] weights,
      Mean mean,
      float temperature,
      Output kind,
      Tensor output);

  /**
   * The distillation loss and its gradient, see {@link DistillationLoss#compute}.
   *
   * @param student logits [rows, classes]
   * @param teachers logits, each [rows, classes]; null or empty where alpha is 0
   * @param labels at least one a row; null where alpha is 1
   * @param rowWeights [rows], or null for 1
   * @param gradient [rows, classes], or null; may be {@code student}
   * @param rowLoss [rows], or null
   */
  Totals distillationLoss(
      DistillationLoss loss,
      Tensor student,
      List<Tensor> teachers,
      IntTensor labels,
      Tensor rowWeights,
      Tensor gradient,
      Tensor rowLoss);

  /**
   * The distillation loss of networks that end in a linear layer, and its gradients, without their
   * logits as a whole: see {@link io.retort.kernels.LinearDistillation}.
   *
   * @param student the layer that learns
   * @param teachers as many rows and classes each, and any hidden size; null or empty where alpha
   *     is 0
   * @param labels at least one a row; null where alpha is 1
   * @param rowWeights [rows], or null for 1
   * @param gradient of the student's shapes, each tensor or all of it null where not wanted
   * @param rowLoss [rows], or null
   * @param budget bytes of workspace for logits at the most. The device keeps it for the next call.
   *     A GPU divides it between two chunks of rows, so that the products of one run beside the
   *     loss of the other, where half of it holds a row
   */
  Totals linearDistillation(
      DistillationLoss loss,
      LinearTensors student,
      List<LinearTensors> teachers,
      IntTensor labels,
      Tensor rowWeights,
      LinearTensors gradient,
      Tensor rowLoss,
      long budget);
}
