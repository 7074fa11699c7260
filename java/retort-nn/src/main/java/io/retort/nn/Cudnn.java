package io.retort.nn;

import static org.bytedeco.cuda.global.cudnn.cudnnConvolutionBackwardData;
import static org.bytedeco.cuda.global.cudnn.cudnnConvolutionBackwardFilter;
import static org.bytedeco.cuda.global.cudnn.cudnnConvolutionForward;
import static org.bytedeco.cuda.global.cudnn.cudnnCreate;
import static org.bytedeco.cuda.global.cudnn.cudnnDestroy;
import static org.bytedeco.cuda.global.cudnn.cudnnGetVersion;
import static org.bytedeco.cuda.global.cudnn.cudnnSetStream;

import io.retort.kernels.DType;
import io.retort.kernels.RetortException;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** Convolutions by cuDNN, in f32, which may be rounded to TF32, and in bf16. */
@SuppressWarnings("deprecation") // cuDNN 9 prefers its graphs, and keeps this interface beside them
final class Cudnn implements AutoCloseable {
  private final cudnnContext handle = new cudnnContext();
  private final boolean tf32;
  private final FloatPointer zero = new FloatPointer(1).put(0);
  private final FloatPointer one = new FloatPointer(1).put(1);
  private final Map<Key, CudnnConvolution> convolutions = new HashMap<>();
  private final Map<Key, CudnnAlgorithm> forward = new HashMap<>();
  private final Map<Key, CudnnAlgorithm> backwardInput = new HashMap<>();
  private final Map<Key, CudnnAlgorithm> backwardWeights = new HashMap<>();
  private final Map<Key, Boolean> known = new HashMap<>();

  private record Key(ConvolutionShape shape, DType type) {}

  Cudnn(CUstream_st stream, boolean tf32) {
    this.tf32 = tf32;
    CudaStatus.cudnn("cudnnCreate", cudnnCreate(handle));
    CudaStatus.cudnn("cudnnSetStream", cudnnSetStream(handle, stream));
  }

  /** Major, minor and patch, such as 91900. */
  static long version() {
    return cudnnGetVersion();
  }

  private CudnnConvolution convolution(Key key) {
    return convolutions.computeIfAbsent(key, k -> new CudnnConvolution(k.shape(), k.type(), tf32));
  }

  private CudnnAlgorithm forward(Key key) {
    return forward.computeIfAbsent(
        key, k -> CudnnAlgorithm.forward(handle, convolution(k), k.shape()));
  }

  private CudnnAlgorithm backwardInput(Key key) {
    return backwardInput.computeIfAbsent(
        key, k -> CudnnAlgorithm.backwardInput(handle, convolution(k), k.shape()));
  }

  private CudnnAlgorithm backwardWeights(Key key) {
    return backwardWeights.computeIfAbsent(
        key, k -> CudnnAlgorithm.backwardWeights(handle, convolution(k), k.shape()));
  }

  /** Whether there is an algorithm for a shape in a type, forward and backward. */
  boolean convolves(ConvolutionShape shape, DType type) {
    return known.computeIfAbsent(new Key(shape, type), this::convolves);
  }

  private boolean convolves(Key key) {
    try {
      forward(key);
      backwardInput(key);
      backwardWeights(key);
      return true;
    } catch (RetortException none) {
      return false;
    }
  }

  void forward(
      ConvolutionShape shape,
      DType type,
      Pointer input,
      Pointer weights,
      Pointer output,
      CudaScratch workspace) {
    Key key = new Key(shape, type);
    CudnnConvolution c = convolution(key);
    CudnnAlgorithm algorithm = forward(key);
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
      DType type,
      Pointer outputGradient,
      Pointer weights,
      Pointer inputGradient,
      CudaScratch workspace) {
    Key key = new Key(shape, type);
    CudnnConvolution c = convolution(key);
    CudnnAlgorithm algorithm = backwardInput(key);
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
      DType type,
      Pointer input,
      Pointer outputGradient,
      Pointer weightsGradient,
      CudaScratch workspace) {
    Key key = new Key(shape, type);
    CudnnConvolution c = convolution(key);
    CudnnAlgorithm algorithm = backwardWeights(key);
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
