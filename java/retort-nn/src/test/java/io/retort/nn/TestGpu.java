package io.retort.nn;

/**
 * Lets tests of other modules open {@link DeviceKind#CUDA}: while this is open, it is the host with
 * the emulated kernels, unless the build was asked for a GPU.
 */
public final class TestGpu implements AutoCloseable {
  private TestGpu() {}

  /** Whether the emulated kernels were built, or a GPU works. */
  public static boolean isThere() {
    return TestDevice.available().contains(TestDevice.CUDA);
  }

  /** Takes effect for the devices opened from now on. */
  public static TestGpu open() {
    if (TestDevice.CUDA.isEmulated()) {
      CudaDevice.openOn(precision -> new HostLibraries());
    }
    return new TestGpu();
  }

  /** Devices are those of NVIDIA again. */
  @Override
  public void close() {
    CudaDevice.openOn(CudaDevice.NVIDIA);
  }
}
