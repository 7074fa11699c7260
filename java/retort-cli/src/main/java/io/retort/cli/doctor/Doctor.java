package io.retort.cli.doctor;

import io.retort.data.Datasets;
import io.retort.kernels.InstructionSet;
import io.retort.nn.Device;
import io.retort.nn.DeviceKind;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;

/** Looks at everything that Retort needs or can use on this machine. */
public final class Doctor {
  private final List<Supplier<List<Finding>>> checks;

  /** One that looks by these checks, each of which never throws because something is missing. */
  public Doctor(List<Supplier<List<Finding>>> checks) {
    this.checks = checks;
  }

  /**
   * Looks at this machine.
   *
   * @param runs where runs are written
   */
  public static Doctor ofThisMachine(Path runs) {
    return new Doctor(
        List.of(
            () -> List.of(Processor.ofThisMachine().finding()),
            () -> List.of(Memory.find(Path.of("/proc/meminfo"), Runtime.getRuntime().maxMemory())),
            () -> List.of(java()),
            () ->
                List.of(
                    NativeLibraries.kernels(InstructionSet::current, System.getenv("RETORT_ISA"))),
            () -> List.of(NativeLibraries.openBlas(OpenBlas::describe)),
            () ->
                List.of(
                    Cuda.find(() -> describe(DeviceKind.CUDA), Cuda.driver(), Cuda::graphicsCards)),
            () -> DataSets.find(Datasets::usualPlace),
            () -> List.of(Disk.find(runs))));
  }

  /** What the checks find, in their order. */
  public List<Finding> look() {
    return checks.stream().flatMap(check -> check.get().stream()).toList();
  }

  private static Finding java() {
    return Finding.ok(
        "Java", System.getProperty("java.version") + " of " + System.getProperty("java.vendor"));
  }

  private static String describe(DeviceKind kind) {
    try (Device device = Device.open(kind, 1)) {
      return device.description();
    }
  }
}
