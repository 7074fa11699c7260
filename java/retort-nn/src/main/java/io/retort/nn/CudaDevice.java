package io.retort.nn;

import io.retort.kernels.CudaDistillation;
import io.retort.kernels.CudaLibrary;
import io.retort.kernels.DistillationLoss;
import io.retort.kernels.EnsembleMean;
import io.retort.kernels.Labels;
import io.retort.kernels.LinearGradient;
import io.retort.kernels.LinearLayer;
import io.retort.kernels.Matrix;
import io.retort.kernels.Members;
import io.retort.kernels.RetortException;
import io.retort.kernels.Totals;
import io.retort.kernels.binding.Retort;
import io.retort.kernels.binding.cuda.RetortCuda;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * An NVIDIA GPU. Retort's kernels and those of {@link CudaLibraries} take turns in one stream, so
 * that what an operation writes is there for the next, and memory that is freed may be given out
 * again at once; what linear distillation does on a second one, this one waits for. Only downloads
 * and the totals of a loss wait for the stream.
 */
final class CudaDevice extends NativeDevice {
  /** Opens the libraries of this machine's GPU. */
  static final Function<Precision, CudaLibraries> NVIDIA =
      precision -> NvidiaLibraries.open(precision);

  private static volatile Function<Precision, CudaLibraries> libraries = NVIDIA;

  private final CudaLibraries cuda;
  private final CudaMemory memory;
  private final CudaScratch workspace;
  private final CudaProducts products;
  private final CudaTotals totals;
  private final Pointer stream;
  private final String description;

  /** On libraries that this device closes, opened for the precision, with the kernels loaded. */
  CudaDevice(int threads, Precision precision, CudaLibraries cuda) {
    this(threads, precision, cuda, new CudaMemory(cuda));
  }

  private CudaDevice(int threads, Precision precision, CudaLibraries cuda, CudaMemory memory) {
    super(threads, memory);
    this.cuda = cuda;
    this.memory = memory;
    this.workspace = new CudaScratch(memory);
    this.products = new CudaProducts(cuda, memory, workspace, precision);
    this.totals = new CudaTotals(cuda, memory);
    this.stream = cuda.stream();
    this.description = cuda.description();
  }

  /**
   * Opens the first GPU.
   *
   * @throws RetortException saying what is missing
   */
  static CudaDevice open(int threads, Precision precision) {
    CudaLibrary.load();
    CudaLibraries cuda = libraries.apply(precision);
    try {
      return new CudaDevice(threads, precision, cuda);
    } catch (RuntimeException | Error failure) {
      cuda.close();
      throw failure;
    }
  }

  /** Opens devices on other libraries from now on, for tests of what uses devices. */
  static void openOn(Function<Precision, CudaLibraries> others) {
    libraries = others;
  }

  /** Why no GPU can be opened, found out once; empty where one can. */
  static Optional<String> missing() {
    return Missing.REASON;
  }

  private static final class Missing {
    static final Optional<String> REASON = reason();

    private static Optional<String> reason() {
      try {
        open(1, Precision.F32).close();
        return Optional.empty();
      } catch (RetortException missing) {
        return Optional.of(missing.getMessage());
      }
    }
  }

  @Override
  public String name() {
    return DeviceKind.CUDA.toString();
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  void release() {
    cuda.synchronize();
    products.close();
    workspace.close();
    totals.close();
    memory.close();
    cuda.close();
  }

  /**
   * Scratch as its _workspace function asks for; -1, with a message, where it refuses the sizes.
   */
  private FloatPointer workspace(long floats) {
    if (floats < 0) {
      CudaLibrary.check(Retort.RETORT_INVALID_ARGUMENT);
    }
    return workspace.floats(floats);
  }

  @Override
  void convolutionForward(
      ConvolutionShape shape,
      FloatPointer input,
      FloatPointer weights,
      FloatPointer bias,
      FloatPointer output) {
    if (shape.images() > 0) {
      products.convolutionForward(shape, input, weights, output);
      if (bias != null) {
        int channels = shape.outputChannels();
        addToRows(shape.outputSize() / channels, channels, bias, output);
      }
    }
  }

  @Override
  void convolutionBackwardInput(
      ConvolutionShape shape,
      FloatPointer outputGradient,
      FloatPointer weights,
      FloatPointer inputGradient) {
    if (shape.images() > 0) {
      products.convolutionBackwardInput(shape, outputGradient, weights, inputGradient);
    }
  }

  @Override
  void convolutionBackwardWeights(
      ConvolutionShape shape,
      FloatPointer input,
      FloatPointer outputGradient,
      FloatPointer weightsGradient) {
    if (shape.images() > 0) {
      products.convolutionBackwardWeights(shape, input, outputGradient, weightsGradient);
    } else {
      memory.fill(weightsGradient, shape.weightsSize(), 0);
    }
  }

  @Override
  void maxPoolForward(PoolingShape shape, FloatPointer input, FloatPointer output) {
    CudaLibrary.check(
        RetortCuda.retort_cuda_max_pool_forward(options.of(shape), input, output, stream));
  }

  @Override
  void maxPoolBackward(
      PoolingShape shape,
      FloatPointer input,
      FloatPointer outputGradient,
      FloatPointer inputGradient) {
    CudaLibrary.check(
        RetortCuda.retort_cuda_max_pool_backward(
            options.of(shape), input, outputGradient, inputGradient, stream));
  }

  @Override
  void maxPoolTangent(
      PoolingShape shape,
      FloatPointer input,
      FloatPointer inputTangent,
      FloatPointer outputTangent) {
    CudaLibrary.check(
        RetortCuda.retort_cuda_max_pool_tangent(
            options.of(shape), input, inputTangent, outputTangent, stream));
  }

  @Override
  void averagePoolForward(PoolingShape shape, FloatPointer input, FloatPointer output) {
    CudaLibrary.check(
        RetortCuda.retort_cuda_average_pool_forward(options.of(shape), input, output, stream));
  }

  @Override
  void averagePoolBackward(
      PoolingShape shape, FloatPointer outputGradient, FloatPointer inputGradient) {
    CudaLibrary.check(
        RetortCuda.retort_cuda_average_pool_backward(
            options.of(shape), outputGradient, inputGradient, stream));
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
    FloatPointer scratch = workspace(RetortCuda.retort_cuda_batch_norm_workspace(values));
    CudaLibrary.check(
        RetortCuda.retort_cuda_batch_norm_training(
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
            stream));
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
    CudaLibrary.check(
        RetortCuda.retort_cuda_batch_norm_inference(
            options.of(shape), input, scale, shift, runningMean, runningVariance, output, stream));
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
    FloatPointer scratch = workspace(RetortCuda.retort_cuda_batch_norm_workspace(values));
    CudaLibrary.check(
        RetortCuda.retort_cuda_batch_norm_backward(
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
            stream));
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
    FloatPointer scratch = workspace(RetortCuda.retort_cuda_batch_norm_workspace(values));
    CudaLibrary.check(
        RetortCuda.retort_cuda_batch_norm_tangent(
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
            stream));
  }

  @Override
  void reluForward(long size, FloatPointer input, FloatPointer output) {
    CudaLibrary.check(RetortCuda.retort_cuda_relu_forward(size, input, output, stream));
  }

  @Override
  void reluBackward(
      long size, FloatPointer output, FloatPointer outputGradient, FloatPointer inputGradient) {
    CudaLibrary.check(
        RetortCuda.retort_cuda_relu_backward(size, output, outputGradient, inputGradient, stream));
  }

  @Override
  void linearCombination(
      long size, float a, FloatPointer x, float b, FloatPointer y, FloatPointer output) {
    CudaLibrary.check(RetortCuda.retort_cuda_linear_combination(size, a, x, b, y, output, stream));
  }

  @Override
  void addToRows(long rows, long columns, FloatPointer row, FloatPointer matrix) {
    CudaLibrary.check(RetortCuda.retort_cuda_add_to_rows(rows, columns, row, matrix, stream));
  }

  @Override
  void columnSums(long rows, long columns, FloatPointer matrix, FloatPointer sums) {
    FloatPointer scratch = workspace(RetortCuda.retort_cuda_column_sums_workspace(rows, columns));
    CudaLibrary.check(
        RetortCuda.retort_cuda_column_sums(rows, columns, matrix, sums, scratch, stream));
  }

  @Override
  void smoothedReluSumForward(
      SmoothedReluSumShape shape, FloatPointer preActivations, FloatPointer output) {
    CudaLibrary.check(
        RetortCuda.retort_cuda_smoothed_relu_sum_forward(
            options.of(shape), preActivations, output, stream));
  }

  @Override
  void smoothedReluSumBackward(
      SmoothedReluSumShape shape,
      FloatPointer preActivations,
      FloatPointer outputGradient,
      FloatPointer preActivationGradient) {
    CudaLibrary.check(
        RetortCuda.retort_cuda_smoothed_relu_sum_backward(
            options.of(shape), preActivations, outputGradient, preActivationGradient, stream));
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
    CudaLibrary.check(
        RetortCuda.retort_cuda_sgd_step(
            size,
            learningRate,
            momentum,
            nesterov ? 1 : 0,
            weightDecay,
            gradient,
            velocity,
            parameter,
            stream));
  }

  @Override
  void adamStep(
      AdamStep step,
      long size,
      FloatPointer gradient,
      FloatPointer firstMoment,
      FloatPointer secondMoment,
      FloatPointer parameter) {
    CudaLibrary.check(
        RetortCuda.retort_cuda_adam_step(
            options.of(step), size, gradient, firstMoment, secondMoment, parameter, stream));
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
    if (m > 0 && n > 0 && k > 0) {
      products.matrixProduct(transposeA, transposeB, m, n, k, a, b, accumulate, c);
    } else if (!accumulate) {
      memory.fill(c, m * n, 0);
    }
  }

  @Override
  void softmax(Matrix logits, float temperature, Matrix output) {
    CudaDistillation.softmax(logits, temperature, output, stream);
  }

  @Override
  void ensembleMean(EnsembleMean mean, Members members, Matrix output) {
    Pointer scratch = workspace.bytes(CudaDistillation.workspaceBytes(0, members.count()));
    CudaDistillation.ensembleMean(mean, members, output, scratch, stream);
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
    int count = teachers == null ? 0 : teachers.count();
    Pointer scratch = workspace.bytes(CudaDistillation.workspaceBytes(student.rows(), count));
    CudaDistillation.distillationLoss(
        loss,
        student,
        teachers,
        labels,
        rowWeights,
        gradient,
        rowLoss,
        totals.onDevice(),
        scratch,
        stream);
    return totals.download();
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
    int count = teachers == null ? 0 : teachers.size();
    // Two chunks under way at once, with half of the budget each, where that holds a row.
    boolean overlaps = CudaDistillation.holdsRow(loss, student, count, budget / 2);
    long chunkBudget = overlaps ? budget / 2 : budget;
    Pointer scratch =
        workspace.bytes(
            CudaDistillation.linearWorkspaceBytes(loss, student, count, chunkBudget, overlaps));
    CudaDistillation.linearDistillation(
        loss,
        student,
        teachers,
        labels,
        rowWeights,
        gradient,
        rowLoss,
        totals.onDevice(),
        chunkBudget,
        scratch,
        cuda.cublas(),
        overlaps ? cuda.overlap() : null,
        stream);
    return totals.download();
  }
}
