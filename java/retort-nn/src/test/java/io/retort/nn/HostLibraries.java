package io.retort.nn;

import io.retort.kernels.LentCublas;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * The host in the place of a GPU, for kernels that are emulated: its memory, and the products and
 * convolutions of the CPU. It is as strict as a GPU is unforgiving: new memory holds NaN, sizes of
 * 0 and memory that is freed twice or never are errors.
 */
class HostLibraries implements CudaLibraries {
  private static final int ALIGNMENT = 256;
  private static final int NAN = 0xffffffff;

  /** A piece of memory and how much of it was asked for. */
  private record Allocation(Pointer memory, long bytes) {}

  /** What is allocated, by the address that was given out. */
  private final Map<Long, Allocation> allocations = new HashMap<>();

  private final CpuDevice cpu = new CpuDevice(1);

  private LentCublas cublas;
  private long allocationCount;

  /** How often memory was allocated. */
  long allocationCount() {
    return allocationCount;
  }

  @Override
  public String description() {
    return "the host";
  }

  @Override
  public Pointer stream() {
    return null;
  }

  @Override
  public Pointer allocate(long bytes) {
    return allocateAligned(bytes);
  }

  private FloatPointer allocateAligned(long bytes) {
    check(bytes > 0, "bytes " + bytes);
    Pointer memory = bytes < 1L << 40 ? Pointer.malloc(bytes + ALIGNMENT) : null;
    if (memory == null || memory.isNull()) {
      return null;
    }
    long offset = Math.floorMod(-memory.address(), (long) ALIGNMENT);
    FloatPointer aligned = new FloatPointer(memory).getPointer(offset / Float.BYTES);
    allocations.put(aligned.address(), new Allocation(memory, bytes));
    allocationCount++;
    write(aligned, NAN, bytes / Float.BYTES);
    return aligned;
  }

  @Override
  public void free(Pointer memory) {
    Allocation allocation = allocations.remove(memory.address());
    check(allocation != null, "freed what is not allocated");
    Pointer.free(allocation.memory());
  }

  /** The bytes that were asked for. */
  final long sizeOf(Pointer memory) {
    return allocations.get(memory.address()).bytes();
  }

  @Override
  public FloatPointer allocatePinned(long floats) {
    return allocateAligned(floats * Float.BYTES).capacity(floats);
  }

  @Override
  public void freePinned(FloatPointer memory) {
    free(memory);
  }

  @Override
  public void copy(Pointer source, Pointer target, long bytes) {
    check(bytes > 0, "bytes " + bytes);
    Pointer.memcpy(target, source, bytes);
  }

  @Override
  public void fill(Pointer target, int word, long words) {
    check(words > 0, "words " + words);
    write(target, word, words);
  }

  private static void write(Pointer target, int word, long words) {
    IntPointer integers = new IntPointer(target);
    integers.put(0, word);
    for (long filled = 1; filled < words; filled *= 2) {
      Pointer.memcpy(
          integers.getPointer(filled), integers, Math.min(filled, words - filled) * Integer.BYTES);
    }
  }

  @Override
  public void mark(int mark) {}

  @Override
  public void await(int mark) {}

  @Override
  public void synchronize() {}

  @Override
  public void matrixProduct(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      FloatPointer a,
      FloatPointer b,
      boolean accumulate,
      FloatPointer c) {
    check(m > 0 && n > 0 && k > 0, "m " + m + ", n " + n + ", k " + k);
    cpu.matrixProduct(transposeA, transposeB, m, n, k, a, b, accumulate, c);
  }

  @Override
  public LentCublas cublas() {
    if (cublas == null) {
      Pointer unusedHandle = new IntPointer(1);
      Pointer gemmEx = Loader.addressof("retort_cuda_emulated_gemm_ex");
      cublas = new LentCublas(unusedHandle, gemmEx, false);
    }
    return cublas;
  }

  @Override
  public void convolutionForward(
      ConvolutionShape shape,
      FloatPointer input,
      FloatPointer weights,
      FloatPointer output,
      CudaScratch workspace) {
    check(shape.images() > 0, shape.toString());
    cpu.convolutionForward(shape, input, weights, null, output);
  }

  @Override
  public void convolutionBackwardInput(
      ConvolutionShape shape,
      FloatPointer outputGradient,
      FloatPointer weights,
      FloatPointer inputGradient,
      CudaScratch workspace) {
    check(shape.images() > 0, shape.toString());
    cpu.convolutionBackwardInput(shape, outputGradient, weights, inputGradient);
  }

  @Override
  public void convolutionBackwardWeights(
      ConvolutionShape shape,
      FloatPointer input,
      FloatPointer outputGradient,
      FloatPointer weightsGradient,
      CudaScratch workspace) {
    check(shape.images() > 0, shape.toString());
    cpu.convolutionBackwardWeights(shape, input, outputGradient, weightsGradient);
  }

  @Override
  public void close() {
    cpu.close();
    if (cublas != null) {
      cublas.close();
    }
    check(allocations.isEmpty(), allocations.size() + " allocations were never freed");
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
