package io.retort.nn;

import io.retort.kernels.RetortException;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.BytePointer;

/** Turns the status of a call of NVIDIA's libraries into an exception. */
final class CudaStatus {
  private CudaStatus() {}

  /** Of the CUDA runtime. */
  static void runtime(String call, int status) {
    if (status != cudart.cudaSuccess) {
      throw failure(
          call, cudart.cudaGetErrorName(status), cudart.cudaGetErrorString(status), status);
    }
  }

  /** Of the driver. */
  static void driver(String call, int status) {
    if (status != cudart.CUDA_SUCCESS) {
      throw new RetortException(call + " failed: CUresult " + status);
    }
  }

  static void cublas(String call, int status) {
    if (status != cublas.CUBLAS_STATUS_SUCCESS) {
      throw failure(
          call, cublas.cublasGetStatusName(status), cublas.cublasGetStatusString(status), status);
    }
  }

  static void cudnn(String call, int status) {
    if (status != cudnn.CUDNN_STATUS_SUCCESS) {
      throw failure(call, cudnn.cudnnGetErrorString(status), null, status);
    }
  }

  private static RetortException failure(
      String call, BytePointer name, BytePointer text, int status) {
    String words = text == null ? "" : ", " + text.getString();
    return new RetortException(call + " failed: " + name.getString() + " (" + status + ")" + words);
  }
}
