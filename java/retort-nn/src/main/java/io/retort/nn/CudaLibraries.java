package io.retort.nn;

import io.retort.kernels.CudaOverlap;
import io.retort.kernels.DType;
import io.retort.kernels.LentCublas;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * What a {@link CudaDevice} needs beside Retort's kernels: memory, a stream, matrix products and
 * convolutions. NVIDIA's libraries give it on a GPU; tests give it on the host, under kernels that
 * are emulated there.
 *
 * <p>Operations run in the order of the stream; unless said otherwise a method does not wait for
 * it. Every size is at least 1. The same arguments give the same bits. Failures are {@link
 * io.retort.kernels.RetortException}s that name the call and the error.
 */
interface CudaLibraries extends AutoCloseable {
  /** The places of a stream that can be marked. */
  int MARKS = 2;

  /** The device and the versions of the libraries, for people. */
  String description();

  /** The stream, as kernels take it. */
  Pointer stream();

  /** Memory of the device, aligned to 256 bytes, or null where there is not enough. */
  Pointer allocate(long bytes);

  /** Frees memory of the device, once the stream has passed what uses it. */
  void free(Pointer memory);

  /** Memory of the host that the device copies from and to by itself. */
  FloatPointer allocatePinned(long floats);

  /** Frees pinned memory that no copy uses any more. */
  void freePinned(FloatPointer memory);

  /** Copies between memories of the device, or one of them and pinned memory. */
  void copy(Pointer source, Pointer target, long bytes);

  /** Sets words of 4 bytes, each to {@code word}. */
  void fill(Pointer target, int word, long words);

  /** Sets a mark, 0 to {@link #MARKS} - 1, behind all that the stream holds now. */
  void mark(int mark);

  /** Waits until the stream has passed a mark; returns at once if it was never set. */
  void await(int mark);

  /** Waits until the stream has passed all that it holds. */
  void synchronize();

  /**
   * As {@link Device#matrixProduct}.
   *
   * @param factors the type of a and b: f32 or bf16; sums are in f32
   */
  void matrixProduct(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      DType factors,
      Pointer a,
      Pointer b,
      boolean accumulate,
      FloatPointer c);

  /** What linear distillation multiplies by, on the stream. */
  LentCublas cublas();

  /** A second stream for linear distillation, made when it is first asked for. */
  CudaOverlap overlap();

  /** Whether there are convolutions of a shape in a type, forward and backward. */
  boolean convolves(ConvolutionShape shape, DType type);

  /**
   * As {@link Device#convolutionForward} without a bias, with the workspace that it asks for.
   *
   * @param type of input, weights and output: f32 or bf16; sums are in f32
   */
  void convolutionForward(
      ConvolutionShape shape,
      DType type,
      Pointer input,
      Pointer weights,
      Pointer output,
      CudaScratch workspace);

  /**
   * As {@link Device#convolutionBackwardInput}, with the workspace that it asks for.
   *
   * @param type of both gradients and the weights: f32 or bf16; sums are in f32
   */
  void convolutionBackwardInput(
      ConvolutionShape shape,
      DType type,
      Pointer outputGradient,
      Pointer weights,
      Pointer inputGradient,
      CudaScratch workspace);

  /**
   * As {@link Device#convolutionBackwardWeights}, with the workspace that it asks for.
   *
   * @param type of the input and both gradients: f32 or bf16; sums are in f32
   */
  void convolutionBackwardWeights(
      ConvolutionShape shape,
      DType type,
      Pointer input,
      Pointer outputGradient,
      Pointer weightsGradient,
      CudaScratch workspace);

  /** Frees what the libraries hold. */
  @Override
  void close();
}
