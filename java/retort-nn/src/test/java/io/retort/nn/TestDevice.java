package io.retort.nn;

import io.retort.kernels.CudaLibrary;
import io.retort.kernels.RetortException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A device that tests run on. CUDA is, where the build names the emulated kernels, those over the
 * host's memory and products, and a GPU otherwise.
 */
enum TestDevice {
  CPU {
    @Override
    Device open(int threads, Precision precision) {
      return Device.open(DeviceKind.CPU, threads, precision);
    }
  },
  CUDA {
    @Override
    Device open(int threads, Precision precision) {
      if (EMULATED.isEmpty()) {
        return CudaDevice.open(threads, precision);
      }
      CudaLibrary.load();
      return new CudaDevice(threads, precision, new HostLibraries());
    }
  };

  private static final String EMULATED = System.getProperty(CudaLibrary.PROPERTY, "");

  /** A new device, which the caller closes. */
  abstract Device open(int threads, Precision precision);

  /** A new device that multiplies in f32, which the caller closes. */
  final Device open(int threads) {
    return open(threads, Precision.F32);
  }

  /** Whether its kernels run on the CPU in the place of a GPU. */
  boolean isEmulated() {
    return this == CUDA && !EMULATED.isEmpty();
  }

  /** The CPU, and CUDA where the emulated kernels were built, or a GPU works. */
  static List<TestDevice> available() {
    return hasCuda() ? List.of(CPU, CUDA) : List.of(CPU);
  }

  private static boolean hasCuda() {
    if (!EMULATED.isEmpty()) {
      return Files.exists(Path.of(EMULATED));
    }
    try {
      CUDA.open(1).close();
      return true;
    } catch (RetortException missing) {
      if (System.getProperty("retort.gpu") != null) {
        throw new IllegalStateException("-Dretort.gpu asks for a GPU", missing);
      }
      return false;
    }
  }
}
