package io.retort.nn;

import static org.bytedeco.cuda.global.cudnn.cudnnConvolutionBackwardData;
import static org.bytedeco.cuda.global.cudnn.cudnnConvolutionBackwardFilter;
import static org.bytedeco.cuda.global.cudnn.cudnnConvolutionForward;
import static org.bytedeco.cuda.global.cudnn.cudnnCreate;
import static org.bytedeco.cuda.global.cudnn.cudnnDestroy;
import static org.bytedeco.cuda.global.cudnn.cudnnGetVersion;
import static org.bytedeco.cuda.global.cudnn.cudnnSetStream;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.javacpp.FloatPointer;

/** Convolutions by cuDNN, in f32 unless TF32 is asked for. */
@SuppressWarnings("deprecation") // cuDNN 9 prefers its graphs, and keeps this interface beside them
final class Cudnn implements AutoCloseable {
  private final cudnnContext handle = new cudnnContext();
  private final boolean tf32;
  private final FloatPointer zero = new FloatPointer(1).put(0);
  private final FloatPointer one = new FloatPointer(1).put(1);
  private final Map<ConvolutionShape, CudnnConvolution> convolutions = new HashMap<>();
  private final Map<ConvolutionShape, CudnnAlgorithm> forward = new HashMap<>();
  private final Map<ConvolutionShape, CudnnAlgorithm> backwardInput = new HashMap<>();
  private final Map<ConvolutionShape, CudnnAlgorithm> backwardWeights = new HashMap<>();

  Cudnn(CUstream_st stream, boolean tf32) {
    this.tf32 = tf32;
    CudaStatus.cudnn("cudnnCreate", cudnnCreate(handle));
    CudaStatus.cudnn("cudnnSetStream", cudnnSetStream(handle, stream));
  }

  /** Major, minor and patch, such as 91900. */
  static long version() {
    return cudnnGetVersion();
  }

  private CudnnConvolution convolution(ConvolutionShape shape) {
    return convolutions.computeIfAbsent(shape, s -> new CudnnConvolution(s, tf32));
  }

  void forward(
      ConvolutionShape shape,
      FloatPointer input,
      FloatPointer weights,
      FloatPointer output,
      CudaScratch workspace) {
    CudnnConvolution c = convolution(shape);
    CudnnAlgorithm algorithm =
        forward.computeIfAbsent(shape, s -> CudnnAlgorithm.forward(handle, c, s));
    CudaStatus.cudnn(
        "cudnnConvolutionForward",
        cudnnConvolutionForward(
            handle,
            one,
            c.input,
            input,
            c.weights,
            weights,
            c.convolution,
            algorithm.number(),
            workspace.bytes(algorithm.workspace()),
            algorithm.workspace(),
            zero,
            c.output,
            output));
  }

  void backwardInput(
      ConvolutionShape shape,
      FloatPointer outputGradient,
      FloatPointer weights,
      FloatPointer inputGradient,
      CudaScratch workspace) {
    CudnnConvolution c = convolution(shape);
    CudnnAlgorithm algorithm =
        backwardInput.computeIfAbsent(shape, s -> CudnnAlgorithm.backwardInput(handle, c, s));
    CudaStatus.cudnn(
        "cudnnConvolutionBackwardData",
        cudnnConvolutionBackwardData(
            handle,
            one,
            c.weights,
            weights,
            c.output,
            outputGradient,
            c.convolution,
            algorithm.number(),
            workspace.bytes(algorithm.workspace()),
            algorithm.workspace(),
            zero,
            c.input,
            inputGradient));
  }

  void backwardWeights(
      ConvolutionShape shape,
      FloatPointer input,
      FloatPointer outputGradient,
      FloatPointer weightsGradient,
      CudaScratch workspace) {
    CudnnConvolution c = convolution(shape);
    CudnnAlgorithm algorithm =
        backwardWeights.computeIfAbsent(shape, s -> CudnnAlgorithm.backwardWeights(handle, c, s));
    CudaStatus.cudnn(
        "cudnnConvolutionBackwardFilter",
        cudnnConvolutionBackwardFilter(
            handle,
            one,
            c.input,
            input,
            c.output,
            outputGradient,
            c.convolution,
            algorithm.number(),
            workspace.bytes(algorithm.workspace()),
            algorithm.workspace(),
            zero,
            c.weights,
            weightsGradient));
  }

  @Override
  public void close() {
    convolutions.values().forEach(CudnnConvolution::close);
    CudaStatus.cudnn("cudnnDestroy", cudnnDestroy(handle));
    zero.close();
    one.close();
  }
}
