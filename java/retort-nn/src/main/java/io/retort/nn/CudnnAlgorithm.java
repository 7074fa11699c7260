package io.retort.nn;

import static org.bytedeco.cuda.global.cudnn.CUDNN_DETERMINISTIC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_STATUS_SUCCESS;
import static org.bytedeco.cuda.global.cudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7;
import static org.bytedeco.cuda.global.cudnn.cudnnGetConvolutionBackwardFilterAlgorithm_v7;
import static org.bytedeco.cuda.global.cudnn.cudnnGetConvolutionForwardAlgorithm_v7;

import io.retort.kernels.RetortException;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.cudnn.cudnnConvolutionBwdDataAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionBwdFilterAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionFwdAlgoPerf_t;

/**
 * The algorithm by which cuDNN computes an operation on a shape: of those that always give the same
 * bits and need no more than {@link #MOST_WORKSPACE}, the one that cuDNN expects to be the fastest.
 * That is its judgement by a table, not by a trial, whose outcome could change from run to run.
 *
 * @param number cuDNN's
 * @param workspace bytes that it needs
 */
@SuppressWarnings("deprecation") // cuDNN 9 prefers its graphs, and keeps this interface beside them
record CudnnAlgorithm(int number, long workspace) {
  private static final long MOST_WORKSPACE = 256L << 20;

  /** More than there are of any operation. */
  private static final int CANDIDATES = 16;

  private record Candidate(int algorithm, int status, long memory, int determinism) {
    boolean fits() {
      return status == CUDNN_STATUS_SUCCESS
          && determinism == CUDNN_DETERMINISTIC
          && memory <= MOST_WORKSPACE;
    }
  }

  static CudnnAlgorithm forward(cudnnContext handle, CudnnConvolution c, ConvolutionShape shape) {
    int[] count = new int[1];
    try (var found = new cudnnConvolutionFwdAlgoPerf_t(CANDIDATES)) {
      String call = "cudnnGetConvolutionForwardAlgorithm_v7";
      CudaStatus.cudnn(
          call,
          cudnnGetConvolutionForwardAlgorithm_v7(
              handle, c.input, c.weights, c.convolution, c.output, CANDIDATES, count, found));
      return first(
          call,
          shape,
          count[0],
          i -> {
            found.position(i);
            return new Candidate(found.algo(), found.status(), found.memory(), found.determinism());
          });
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
      return first(
          call,
          shape,
          count[0],
          i -> {
            found.position(i);
            return new Candidate(found.algo(), found.status(), found.memory(), found.determinism());
          });
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
      return first(
          call,
          shape,
          count[0],
          i -> {
            found.position(i);
            return new Candidate(found.algo(), found.status(), found.memory(), found.determinism());
          });
    }
  }

  /** The candidates come with the fastest first. */
  private static CudnnAlgorithm first(
      String call, ConvolutionShape shape, int count, IntFunction<Candidate> candidate) {
    return IntStream.range(0, count)
        .mapToObj(candidate)
        .filter(Candidate::fits)
        .findFirst()
        .map(fit -> new CudnnAlgorithm(fit.algorithm(), fit.memory()))
        .orElseThrow(
            () ->
                new RetortException(
                    call + " knows no algorithm that always gives the same bits for " + shape));
  }
}
