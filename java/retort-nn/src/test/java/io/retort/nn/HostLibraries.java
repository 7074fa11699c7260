package io.retort.nn;

import io.retort.kernels.CudaOverlap;
import io.retort.kernels.DType;
import io.retort.kernels.LentCublas;
import io.retort.kernels.binding.cuda.CublasStruct;
import io.retort.kernels.binding.cuda.OverlapStruct;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;

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
  private LentCublas secondCublas;
  private CudaOverlap overlap;
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
      DType factors,
      Pointer a,
      Pointer b,
      boolean accumulate,
      FloatPointer c) {
    check(m > 0 && n > 0 && k > 0, "m " + m + ", n " + n + ", k " + k);
    try (FloatPointer left = floats(factors, a, m * k);
        FloatPointer right = floats(factors, b, k * n)) {
      cpu.matrixProduct(transposeA, transposeB, m, n, k, left, right, accumulate, c);
    }
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

  /** The library has one, whose work runs as late as what waits for it lets it. */
  @Override
  public CudaOverlap overlap() {
    if (overlap == null) {
      OverlapStruct second = new OverlapStruct(Loader.addressof("retort_cuda_emulated_overlap"));
      CublasStruct products = second.cublas();
      secondCublas = new LentCublas(products.handle(), products.gemm_ex(), false);
      overlap =
          new CudaOverlap(
              second.stream(), secondCublas, second.products_event(), second.matrices_event());
    }
    return overlap;
  }

  @Override
  public boolean convolves(ConvolutionShape shape, DType type) {
    return true;
  }

  @Override
  public void convolutionForward(
      ConvolutionShape shape,
      DType type,
      Pointer input,
      Pointer weights,
      Pointer output,
      CudaScratch workspace) {
    check(shape.images() > 0, shape.toString());
    try (FloatPointer first = floats(type, input, shape.inputSize());
        FloatPointer second = floats(type, weights, shape.weightsSize());
        FloatPointer result = floats(type, output, shape.outputSize())) {
      cpu.convolutionForward(shape, first, second, null, result);
      store(type, result, output, shape.outputSize());
    }
  }

  @Override
  public void convolutionBackwardInput(
      ConvolutionShape shape,
      DType type,
      Pointer outputGradient,
      Pointer weights,
      Pointer inputGradient,
      CudaScratch workspace) {
    check(shape.images() > 0, shape.toString());
    try (FloatPointer first = floats(type, outputGradient, shape.outputSize());
        FloatPointer second = floats(type, weights, shape.weightsSize());
        FloatPointer result = floats(type, inputGradient, shape.inputSize())) {
      cpu.convolutionBackwardInput(shape, first, second, result);
      store(type, result, inputGradient, shape.inputSize());
    }
  }

  @Override
  public void convolutionBackwardWeights(
      ConvolutionShape shape,
      DType type,
      Pointer input,
      Pointer outputGradient,
      Pointer weightsGradient,
      CudaScratch workspace) {
    check(shape.images() > 0, shape.toString());
    try (FloatPointer first = floats(type, input, shape.inputSize());
        FloatPointer second = floats(type, outputGradient, shape.outputSize());
        FloatPointer result = floats(type, weightsGradient, shape.weightsSize())) {
      cpu.convolutionBackwardWeights(shape, first, second, result);
      store(type, result, weightsGradient, shape.weightsSize());
    }
  }

  // ---- bf16 -------------------------------------------------------------------------------------

  /** The values as they are, or widened. */
  private static FloatPointer floats(DType type, Pointer values, long size) {
    if (type == DType.F32) {
      return new FloatPointer(values);
    }
    ShortPointer halves = new ShortPointer(values);
    FloatPointer floats = new FloatPointer(size);
    for (long i = 0; i < size; i++) {
      floats.put(i, toFloat(halves.get(i)));
    }
    return floats;
  }

  private static void store(DType type, FloatPointer values, Pointer target, long size) {
    if (type == DType.BF16) {
      ShortPointer halves = new ShortPointer(target);
      for (long i = 0; i < size; i++) {
        halves.put(i, toBf16(values.get(i)));
      }
    }
  }

  static float toFloat(short bf16) {
    return Float.intBitsToFloat(bf16 << Short.SIZE);
  }

  /** The nearest, of two as near the even one. */
  static short toBf16(float value) {
    int bits = Float.floatToIntBits(value);
    int odd = (bits >>> Short.SIZE) & 1;
    return (short) ((bits + 0x7fff + odd) >>> Short.SIZE);
  }

  @Override
  public void close() {
    cpu.close();
    if (cublas != null) {
      cublas.close();
    }
    if (overlap != null) {
      overlap.close();
      secondCublas.close();
    }
    check(allocations.isEmpty(), allocations.size() + " allocations were never freed");
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
