package io.retort.nn;

import static org.bytedeco.cuda.global.cudart.cuDeviceGetName;
import static org.bytedeco.cuda.global.cudart.cuMemsetD32Async;
import static org.bytedeco.cuda.global.cudart.cudaDriverGetVersion;
import static org.bytedeco.cuda.global.cudart.cudaErrorMemoryAllocation;
import static org.bytedeco.cuda.global.cudart.cudaEventCreateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaEventDestroy;
import static org.bytedeco.cuda.global.cudart.cudaEventDisableTiming;
import static org.bytedeco.cuda.global.cudart.cudaEventRecord;
import static org.bytedeco.cuda.global.cudart.cudaEventSynchronize;
import static org.bytedeco.cuda.global.cudart.cudaFree;
import static org.bytedeco.cuda.global.cudart.cudaFreeHost;
import static org.bytedeco.cuda.global.cudart.cudaGetLastError;
import static org.bytedeco.cuda.global.cudart.cudaMalloc;
import static org.bytedeco.cuda.global.cudart.cudaMallocHost;
import static org.bytedeco.cuda.global.cudart.cudaMemGetInfo;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDefault;
import static org.bytedeco.cuda.global.cudart.cudaRuntimeGetVersion;
import static org.bytedeco.cuda.global.cudart.cudaSetDevice;
import static org.bytedeco.cuda.global.cudart.cudaStreamCreateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaStreamDestroy;
import static org.bytedeco.cuda.global.cudart.cudaStreamNonBlocking;
import static org.bytedeco.cuda.global.cudart.cudaStreamSynchronize;

import io.retort.kernels.CudaLibrary;
import io.retort.kernels.CudaOverlap;
import io.retort.kernels.DType;
import io.retort.kernels.LentCublas;
import io.retort.kernels.RetortException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/** The CUDA runtime, cuBLAS and cuDNN of this machine, on its first GPU. */
final class NvidiaLibraries implements CudaLibraries {
  /** The first of those that {@code CUDA_VISIBLE_DEVICES} lets the process see. */
  private static final int DEVICE = 0;

  private static final int NAME_BYTES = 256;

  /** Why a library could not be loaded: Java would not say it again of a class that failed. */
  private static String failure;

  private final CUstream_st stream = new CUstream_st();
  private final CUevent_st[] marks = new CUevent_st[MARKS];
  private final Cublas cublas;
  private final Cudnn cudnn;
  private final boolean tf32;
  private SecondStream second;

  private NvidiaLibraries(boolean tf32) {
    this.tf32 = tf32;
    CudaStatus.runtime("cudaSetDevice", cudaSetDevice(DEVICE));
    CudaStatus.runtime(
        "cudaStreamCreate", cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking));
    for (int i = 0; i < MARKS; i++) {
      marks[i] = new CUevent_st();
      CudaStatus.runtime(
          "cudaEventCreate", cudaEventCreateWithFlags(marks[i], cudaEventDisableTiming));
    }
    cublas = new Cublas(stream, tf32);
    try {
      cudnn = new Cudnn(stream, tf32);
    } catch (RuntimeException | Error failure) {
      cublas.close();
      throw failure;
    }
  }

  /**
   * Loads the libraries and takes the GPU.
   *
   * @param precision whether what is f32 may be multiplied as TF32
   * @throws RetortException naming the library or the device that is missing
   */
  static NvidiaLibraries open(Precision precision) {
    load();
    return new NvidiaLibraries(precision == Precision.TF32);
  }

  private static synchronized void load() {
    if (failure != null) {
      throw new RetortException(failure);
    }
    String library = "the CUDA runtime";
    try {
      Loader.load(cudart.class);
      library = "cuBLAS";
      Loader.load(cublas.class);
      library = "cuDNN";
      Loader.load(cudnn.class);
    } catch (NoClassDefFoundError missing) {
      throw new RetortException("the jar org.bytedeco:cuda is not on the class path", missing);
    } catch (LinkageError cannot) {
      RetortException reason = CudaLibrary.cannotBeLoaded(library, cannot);
      failure = reason.getMessage();
      throw reason;
    }
  }

  @Override
  public String description() {
    byte[] name = new byte[NAME_BYTES];
    CudaStatus.driver("cuDeviceGetName", cuDeviceGetName(name, name.length, DEVICE));
    int[] driver = new int[1];
    int[] runtime = new int[1];
    CudaStatus.runtime("cudaDriverGetVersion", cudaDriverGetVersion(driver));
    CudaStatus.runtime("cudaRuntimeGetVersion", cudaRuntimeGetVersion(runtime));
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer total = new SizeTPointer(1)) {
      CudaStatus.runtime("cudaMemGetInfo", cudaMemGetInfo(free, total));
      return String.format(
          Locale.ROOT,
          "%s, %.1f of %.1f GiB free; driver for CUDA %s, runtime %s, cuBLAS %s, cuDNN %s",
          new String(name, StandardCharsets.UTF_8).split("\0", 2)[0],
          gibibytes(free.get()),
          gibibytes(total.get()),
          version(driver[0], 1000, 10),
          version(runtime[0], 1000, 10),
          version(cublas.version(), 10000, 100),
          version(Cudnn.version(), 10000, 100));
    }
  }

  private static double gibibytes(long bytes) {
    return (double) bytes / (1 << 30);
  }

  private static String version(long number, int major, int minor) {
    return number / major + "." + number % major / minor;
  }

  @Override
  public Pointer stream() {
    return stream;
  }

  // ---- memory -----------------------------------------------------------------------------------

  @Override
  public Pointer allocate(long bytes) {
    Pointer memory = new Pointer();
    int status = cudaMalloc(memory, bytes);
    if (status == cudaErrorMemoryAllocation) {
      // The runtime would tell the next call of it again.
      cudaGetLastError();
      return null;
    }
    CudaStatus.runtime("cudaMalloc", status);
    return memory;
  }

  @Override
  public void free(Pointer memory) {
    CudaStatus.runtime("cudaFree", cudaFree(memory));
  }

  @Override
  public FloatPointer allocatePinned(long floats) {
    FloatPointer memory = new FloatPointer();
    CudaStatus.runtime("cudaMallocHost", cudaMallocHost(memory, floats * Float.BYTES));
    return memory.capacity(floats);
  }

  @Override
  public void freePinned(FloatPointer memory) {
    CudaStatus.runtime("cudaFreeHost", cudaFreeHost(memory));
  }

  @Override
  public void copy(Pointer source, Pointer target, long bytes) {
    CudaStatus.runtime(
        "cudaMemcpyAsync", cudaMemcpyAsync(target, source, bytes, cudaMemcpyDefault, stream));
  }

  @Override
  public void fill(Pointer target, int word, long words) {
    // A call of the driver, unlike one of the runtime, does not take the device to a new thread.
    CudaStatus.runtime("cudaSetDevice", cudaSetDevice(DEVICE));
    CudaStatus.driver("cuMemsetD32Async", cuMemsetD32Async(target.address(), word, words, stream));
  }

  // ---- the stream -------------------------------------------------------------------------------

  @Override
  public void mark(int mark) {
    CudaStatus.runtime("cudaEventRecord", cudaEventRecord(marks[mark], stream));
  }

  @Override
  public void await(int mark) {
    CudaStatus.runtime("cudaEventSynchronize", cudaEventSynchronize(marks[mark]));
  }

  @Override
  public void synchronize() {
    CudaStatus.runtime("cudaStreamSynchronize", cudaStreamSynchronize(stream));
  }

  // ---- products and convolutions ----------------------------------------------------------------

  @Override
  public void matrixProduct(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      DType factors,
      Pointer a,
      Pointer b,
      boolean accumulate,
      FloatPointer c) {
    cublas.product(transposeA, transposeB, m, n, k, factors, a, b, accumulate, c);
  }

  @Override
  public LentCublas cublas() {
    return cublas.lent();
  }

  @Override
  public CudaOverlap overlap() {
    if (second == null) {
      second = new SecondStream(tf32);
    }
    return second.lent();
  }

  @Override
  public boolean convolves(ConvolutionShape shape, DType type) {
    return cudnn.convolves(shape, type);
  }

  @Override
  public void convolutionForward(
      ConvolutionShape shape,
      DType type,
      Pointer input,
      Pointer weights,
      Pointer output,
      CudaScratch workspace) {
    cudnn.forward(shape, type, input, weights, output, workspace);
  }

  @Override
  public void convolutionBackwardInput(
      ConvolutionShape shape,
      DType type,
      Pointer outputGradient,
      Pointer weights,
      Pointer inputGradient,
      CudaScratch workspace) {
    cudnn.backwardInput(shape, type, outputGradient, weights, inputGradient, workspace);
  }

  @Override
  public void convolutionBackwardWeights(
      ConvolutionShape shape,
      DType type,
      Pointer input,
      Pointer outputGradient,
      Pointer weightsGradient,
      CudaScratch workspace) {
    cudnn.backwardWeights(shape, type, input, outputGradient, weightsGradient, workspace);
  }

  @Override
  public void close() {
    if (second != null) {
      second.close();
    }
    cudnn.close();
    cublas.close();
    for (CUevent_st mark : marks) {
      CudaStatus.runtime("cudaEventDestroy", cudaEventDestroy(mark));
    }
    CudaStatus.runtime("cudaStreamDestroy", cudaStreamDestroy(stream));
  }
}
