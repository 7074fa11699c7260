package io.retort.nn;

import static org.bytedeco.cuda.global.cudnn.CUDNN_CROSS_CORRELATION;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DATA_BFLOAT16;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DATA_FLOAT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DEFAULT_MATH;
import static org.bytedeco.cuda.global.cudnn.CUDNN_FMA_MATH;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TENSOR_NHWC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TENSOR_OP_MATH;
import static org.bytedeco.cuda.global.cudnn.cudnnCreateConvolutionDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnCreateFilterDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnCreateTensorDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnDestroyConvolutionDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnDestroyFilterDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnDestroyTensorDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnSetConvolution2dDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnSetConvolutionMathType;
import static org.bytedeco.cuda.global.cudnn.cudnnSetFilter4dDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnSetTensor4dDescriptor;

import io.retort.kernels.DType;
import org.bytedeco.cuda.cudnn.cudnnConvolutionStruct;
import org.bytedeco.cuda.cudnn.cudnnFilterStruct;
import org.bytedeco.cuda.cudnn.cudnnTensorStruct;

/**
 * A convolution of one shape and type as cuDNN describes it: images and filters with channels last,
 * sums in f32.
 */
@SuppressWarnings("deprecation") // cuDNN 9 prefers its graphs, and keeps this interface beside them
final class CudnnConvolution implements AutoCloseable {
  final cudnnTensorStruct input = new cudnnTensorStruct();
  final cudnnFilterStruct weights = new cudnnFilterStruct();
  final cudnnTensorStruct output = new cudnnTensorStruct();
  final cudnnConvolutionStruct convolution = new cudnnConvolutionStruct();

  CudnnConvolution(ConvolutionShape shape, DType type, boolean tf32) {
    int dataType = type == DType.BF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
    int images = images(shape);
    CudaStatus.cudnn("cudnnCreateTensorDescriptor", cudnnCreateTensorDescriptor(input));
    CudaStatus.cudnn("cudnnCreateTensorDescriptor", cudnnCreateTensorDescriptor(output));
    CudaStatus.cudnn("cudnnCreateFilterDescriptor", cudnnCreateFilterDescriptor(weights));
    CudaStatus.cudnn(
        "cudnnCreateConvolutionDescriptor", cudnnCreateConvolutionDescriptor(convolution));
    describe(input, dataType, images, shape.input());
    describe(output, dataType, images, shape.output());
    CudaStatus.cudnn(
        "cudnnSetFilter4dDescriptor",
        cudnnSetFilter4dDescriptor(
            weights,
            dataType,
            CUDNN_TENSOR_NHWC,
            shape.outputChannels(),
            shape.input().channels(),
            shape.kernel(),
            shape.kernel()));
    CudaStatus.cudnn(
        "cudnnSetConvolution2dDescriptor",
        cudnnSetConvolution2dDescriptor(
            convolution,
            shape.padding(),
            shape.padding(),
            shape.stride(),
            shape.stride(),
            1,
            1,
            CUDNN_CROSS_CORRELATION,
            CUDNN_DATA_FLOAT));
    CudaStatus.cudnn(
        "cudnnSetConvolutionMathType",
        cudnnSetConvolutionMathType(convolution, mathType(type, tf32)));
  }

  /** Which units multiply: the tensor cores only where they are asked for. */
  private static int mathType(DType type, boolean tf32) {
    if (type == DType.BF16) {
      return CUDNN_TENSOR_OP_MATH;
    }
    return tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH;
  }

  private static int images(ConvolutionShape shape) {
    if (shape.images() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "images must be at most " + Integer.MAX_VALUE + " on CUDA, got " + shape.images());
    }
    return (int) shape.images();
  }

  private static void describe(
      cudnnTensorStruct tensor, int dataType, int images, ImageShape shape) {
    CudaStatus.cudnn(
        "cudnnSetTensor4dDescriptor",
        cudnnSetTensor4dDescriptor(
            tensor,
            CUDNN_TENSOR_NHWC,
            dataType,
            images,
            shape.channels(),
            shape.height(),
            shape.width()));
  }

  @Override
  public void close() {
    CudaStatus.cudnn("cudnnDestroyTensorDescriptor", cudnnDestroyTensorDescriptor(input));
    CudaStatus.cudnn("cudnnDestroyTensorDescriptor", cudnnDestroyTensorDescriptor(output));
    CudaStatus.cudnn("cudnnDestroyFilterDescriptor", cudnnDestroyFilterDescriptor(weights));
    CudaStatus.cudnn(
        "cudnnDestroyConvolutionDescriptor", cudnnDestroyConvolutionDescriptor(convolution));
  }
}
