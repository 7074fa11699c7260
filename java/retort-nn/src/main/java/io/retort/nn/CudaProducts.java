package io.retort.nn;

import io.retort.kernels.CudaLibrary;
import io.retort.kernels.DType;
import io.retort.kernels.binding.Retort;
import io.retort.kernels.binding.cuda.RetortCuda;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * The matrix products and convolutions of a GPU at a {@link Precision}. With bf16, factors are
 * rounded to it in memory that the next operation uses again, and what a convolution gives is
 * widened from there: a pass of 6 bytes an element each, which the tensor cores have to win back.
 * Every tensor stays in f32, so no other operation knows of it.
 */
final class CudaProducts implements AutoCloseable {
  private final CudaLibraries cuda;
  private final DType factors;
  private final CudaScratch workspace;
  private final CudaScratch first;
  private final CudaScratch second;
  private final CudaScratch result;

  /**
   * Prepares to multiply.
   *
   * @param workspace what convolutions may use while they run
   */
  CudaProducts(CudaLibraries cuda, CudaMemory memory, CudaScratch workspace, Precision precision) {
    this.cuda = cuda;
    this.factors = precision == Precision.BF16 ? DType.BF16 : DType.F32;
    this.workspace = workspace;
    this.first = new CudaScratch(memory);
    this.second = new CudaScratch(memory);
    this.result = new CudaScratch(memory);
  }

  /** As {@link Device#matrixProduct}; every size is at least 1. */
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
    Pointer left = factor(factors, a, m * k, first);
    Pointer right = factor(factors, b, k * n, second);
    cuda.matrixProduct(transposeA, transposeB, m, n, k, factors, left, right, accumulate, c);
  }

  /** As {@link Device#convolutionForward} without a bias, of at least one image. */
  void convolutionForward(
      ConvolutionShape shape, FloatPointer input, FloatPointer weights, FloatPointer output) {
    DType type = typeOf(shape);
    Pointer x = factor(type, input, shape.inputSize(), first);
    Pointer w = factor(type, weights, shape.weightsSize(), second);
    Pointer y = result(type, output, shape.outputSize());
    cuda.convolutionForward(shape, type, x, w, y, workspace);
    store(type, y, output, shape.outputSize());
  }

  /** As {@link Device#convolutionBackwardInput}, of at least one image. */
  void convolutionBackwardInput(
      ConvolutionShape shape,
      FloatPointer outputGradient,
      FloatPointer weights,
      FloatPointer inputGradient) {
    DType type = typeOf(shape);
    Pointer dy = factor(type, outputGradient, shape.outputSize(), first);
    Pointer w = factor(type, weights, shape.weightsSize(), second);
    Pointer dx = result(type, inputGradient, shape.inputSize());
    cuda.convolutionBackwardInput(shape, type, dy, w, dx, workspace);
    store(type, dx, inputGradient, shape.inputSize());
  }

  /** As {@link Device#convolutionBackwardWeights}, of at least one image. */
  void convolutionBackwardWeights(
      ConvolutionShape shape,
      FloatPointer input,
      FloatPointer outputGradient,
      FloatPointer weightsGradient) {
    DType type = typeOf(shape);
    Pointer x = factor(type, input, shape.inputSize(), first);
    Pointer dy = factor(type, outputGradient, shape.outputSize(), second);
    Pointer dw = result(type, weightsGradient, shape.weightsSize());
    cuda.convolutionBackwardWeights(shape, type, x, dy, dw, workspace);
    store(type, dw, weightsGradient, shape.weightsSize());
  }

  private DType typeOf(ConvolutionShape shape) {
    return factors == DType.F32 || cuda.convolves(shape, factors) ? factors : DType.F32;
  }

  /** The values as they are, or rounded. */
  private Pointer factor(DType type, FloatPointer values, long size, CudaScratch rounded) {
    if (type == DType.F32) {
      return values;
    }
    Pointer memory = rounded.bytes(size * type.bytes());
    convert(Retort.RETORT_F32, Retort.RETORT_BF16, size, values, memory);
    return memory;
  }

  /** Where a convolution writes. */
  private Pointer result(DType type, FloatPointer values, long size) {
    return type == DType.F32 ? values : result.bytes(size * type.bytes());
  }

  private void store(DType type, Pointer written, FloatPointer values, long size) {
    if (type != DType.F32) {
      convert(Retort.RETORT_BF16, Retort.RETORT_F32, size, written, values);
    }
  }

  private void convert(int from, int to, long size, Pointer input, Pointer output) {
    CudaLibrary.check(RetortCuda.retort_cuda_convert(from, to, size, input, output, cuda.stream()));
  }

  @Override
  public void close() {
    first.close();
    second.close();
    result.close();
  }
}
