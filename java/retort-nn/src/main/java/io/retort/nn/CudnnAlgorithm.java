package io.retort.nn;

import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_BWD_DATA_ALGO_1;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DETERMINISTIC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_STATUS_SUCCESS;
import static org.bytedeco.cuda.global.cudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7;
import static org.bytedeco.cuda.global.cudnn.cudnnGetConvolutionBackwardDataWorkspaceSize;
import static org.bytedeco.cuda.global.cudnn.cudnnGetConvolutionBackwardFilterAlgorithm_v7;
import static org.bytedeco.cuda.global.cudnn.cudnnGetConvolutionBackwardFilterWorkspaceSize;
import static org.bytedeco.cuda.global.cudnn.cudnnGetConvolutionForwardAlgorithm_v7;
import static org.bytedeco.cuda.global.cudnn.cudnnGetConvolutionForwardWorkspaceSize;

import io.retort.kernels.RetortException;
import java.util.stream.IntStream;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.cudnn.cudnnConvolutionBwdDataAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionBwdFilterAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionFwdAlgoPerf_t;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * The algorithm by which cuDNN computes an operation on a shape: of those that always give the same
 * bits, the first that needs no more than {@link #ENOUGH_WORKSPACE}, or else the one that needs the
 * least. They are in the order in which cuDNN expects them to be fast, by a table and not by a
 * trial, whose outcome could change from run to run; those that are documented to be deterministic
 * come last, in case its table leaves them out. Whether one can be used, and with how much memory,
 * is asked of the convolution itself: the table's own figures are of any type of arithmetic.
 *
 * @param number cuDNN's
 * @param workspace bytes that it needs
 */
@SuppressWarnings("deprecation") // cuDNN 9 prefers its graphs, and keeps this interface beside them
record CudnnAlgorithm(int number, long workspace) {
  private static final long ENOUGH_WORKSPACE = 256L << 20;

  /** More than there are of any operation. */
  private static final int CANDIDATES = 16;

  /** Asks how many bytes an algorithm needs, and returns cuDNN's status. */
  private interface Workspace {
    int ask(int algorithm, SizeTPointer bytes);
  }

  static CudnnAlgorithm forward(cudnnContext handle, CudnnConvolution c, ConvolutionShape shape) {
    int[] count = new int[1];
    try (var found = new cudnnConvolutionFwdAlgoPerf_t(CANDIDATES)) {
      String call = "cudnnGetConvolutionForwardAlgorithm_v7";
      CudaStatus.cudnn(
          call,
          cudnnGetConvolutionForwardAlgorithm_v7(
              handle, c.input, c.weights, c.convolution, c.output, CANDIDATES, count, found));
      IntStream listed =
          IntStream.range(0, count[0])
              .filter(i -> isDeterministic(found.position(i).status(), found.determinism()))
              .map(i -> found.position(i).algo());
      IntStream documented =
          IntStream.of(
              CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
              CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM);
      return first(
          call,
          shape,
          IntStream.concat(listed, documented),
          (algorithm, bytes) ->
              cudnnGetConvolutionForwardWorkspaceSize(
                  handle, c.input, c.weights, c.convolution, c.output, algorithm, bytes));
    }
  }

  static CudnnAlgorithm backwardInput(
      cudnnContext handle, CudnnConvolution c, ConvolutionShape shape) {
    int[] count = new int[1];
    try (var found = new cudnnConvolutionBwdDataAlgoPerf_t(CANDIDATES)) {
      String call = "cudnnGetConvolutionBackwardDataAlgorithm_v7";
      CudaStatus.cudnn(
          call,
          cudnnGetConvolutionBackwardDataAlgorithm_v7(
              handle, c.weights, c.output, c.convolution, c.input, CANDIDATES, count, found));
      IntStream listed =
          IntStream.range(0, count[0])
              .filter(i -> isDeterministic(found.position(i).status(), found.determinism()))
              .map(i -> found.position(i).algo());
      return first(
          call,
          shape,
          IntStream.concat(listed, IntStream.of(CUDNN_CONVOLUTION_BWD_DATA_ALGO_1)),
          (algorithm, bytes) ->
              cudnnGetConvolutionBackwardDataWorkspaceSize(
                  handle, c.weights, c.output, c.convolution, c.input, algorithm, bytes));
    }
  }

  static CudnnAlgorithm backwardWeights(
      cudnnContext handle, CudnnConvolution c, ConvolutionShape shape) {
    int[] count = new int[1];
    try (var found = new cudnnConvolutionBwdFilterAlgoPerf_t(CANDIDATES)) {
      String call = "cudnnGetConvolutionBackwardFilterAlgorithm_v7";
      CudaStatus.cudnn(
          call,
          cudnnGetConvolutionBackwardFilterAlgorithm_v7(
              handle, c.input, c.output, c.convolution, c.weights, CANDIDATES, count, found));
      IntStream listed =
          IntStream.range(0, count[0])
              .filter(i -> isDeterministic(found.position(i).status(), found.determinism()))
              .map(i -> found.position(i).algo());
      return first(
          call,
          shape,
          IntStream.concat(listed, IntStream.of(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1)),
          (algorithm, bytes) ->
              cudnnGetConvolutionBackwardFilterWorkspaceSize(
                  handle, c.input, c.output, c.convolution, c.weights, algorithm, bytes));
    }
  }

  private static boolean isDeterministic(int status, int determinism) {
    return status == CUDNN_STATUS_SUCCESS && determinism == CUDNN_DETERMINISTIC;
  }

  private static CudnnAlgorithm first(
      String call, ConvolutionShape shape, IntStream algorithms, Workspace workspace) {
    CudnnAlgorithm least = null;
    try (SizeTPointer bytes = new SizeTPointer(1)) {
      for (int number : algorithms.distinct().toArray()) {
        if (workspace.ask(number, bytes) != CUDNN_STATUS_SUCCESS) {
          continue;
        }
        CudnnAlgorithm usable = new CudnnAlgorithm(number, bytes.get());
        if (usable.workspace() <= ENOUGH_WORKSPACE) {
          return usable;
        }
        if (least == null || usable.workspace() < least.workspace()) {
          least = usable;
        }
      }
    }
    if (least == null) {
      throw new RetortException(
          call + " knows no algorithm that always gives the same bits for " + shape);
    }
    return least;
  }
}
