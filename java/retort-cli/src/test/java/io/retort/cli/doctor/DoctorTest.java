package io.retort.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.cli.doctor.Finding.Level;
import io.retort.kernels.RetortException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorTest {
  private static final long GIBIBYTE = 1L << 30;

  @TempDir Path directory;

  private Path file(String text) throws IOException {
    return Files.writeString(directory.resolve("file"), text);
  }

  @Test
  void processorIsNamed() throws IOException {
    Path cpuinfo = file("processor\t: 0\nmodel name\t: A Fine Processor\nflags\t: avx2\n");

    assertThat(Processor.of(cpuinfo, 8).finding())
        .isEqualTo(
            Finding.ok(
                "processor",
                "A Fine Processor, 8 cores: 8 threads unless --threads says otherwise"));
    assertThat(Processor.of(directory.resolve("none"), 1).finding().text())
        .isEqualTo("of unknown model, 1 core: 1 thread");
  }

  @Test
  void littleFreeMemoryIsAProblem() throws IOException {
    Path plenty = file("MemTotal:  25165824 kB\nMemFree: 1 kB\nMemAvailable:  12582912 kB\n");
    assertThat(Memory.find(plenty, 6 * GIBIBYTE))
        .isEqualTo(
            Finding.ok(
                "memory", "24.0 GiB, of which 12.0 GiB are free; 6.0 GiB for the objects of Java"));

    Path little = file("MemTotal:  25165824 kB\nMemAvailable:  524288 kB\n");
    assertThat(Memory.find(little, GIBIBYTE).level()).isEqualTo(Level.PROBLEM);

    assertThat(Memory.find(directory.resolve("none"), GIBIBYTE).level()).isEqualTo(Level.NOTE);
  }

  @Test
  void kernelsTellTheirInstructionSetAndWhetherItIsTheOneAskedFor() {
    assertThat(NativeLibraries.kernels(() -> "avx2", null))
        .isEqualTo(Finding.ok("kernels", "avx2"));
    assertThat(NativeLibraries.kernels(() -> "avx2", "avx2").level()).isEqualTo(Level.OK);

    Finding ignored = NativeLibraries.kernels(() -> "avx2", "avx512");
    assertThat(ignored.level()).isEqualTo(Level.NOTE);
    assertThat(ignored.text()).contains("RETORT_ISA=avx512 is ignored");
  }

  @Test
  void libraryThatCannotBeLoadedIsAProblemWithItsReason() {
    Finding kernels =
        NativeLibraries.kernels(
            () -> {
              throw new ExceptionInInitializerError(new UnsatisfiedLinkError("no jniRetort"));
            },
            null);
    assertThat(kernels).isEqualTo(Finding.problem("kernels", "cannot be loaded: no jniRetort"));

    Finding openBlas =
        NativeLibraries.openBlas(
            () -> {
              throw new UnsatisfiedLinkError("no jniopenblas");
            });
    assertThat(openBlas).isEqualTo(Finding.problem("OpenBLAS", "cannot be loaded: no jniopenblas"));
    assertThat(NativeLibraries.openBlas(() -> "/x.so").level()).isEqualTo(Level.OK);
  }

  @Test
  void openBlasTellsItsVersionItsKernelsAndItsThreads() {
    assertThat(OpenBlas.describe("OpenBLAS 0.3.31 DYNAMIC_ARCH Zen", "Zen", 1, "/x.so"))
        .isEqualTo(
            "0.3.31 with kernels for Zen, 1 thread a product, which Retort's threads share out;"
                + " /x.so");
    assertThat(OpenBlas.describe()).contains(" with kernels for ", ", 1 thread a product");
  }

  @Test
  void lackOfCudaIsANoteThatSaysWhatIsMissing() {
    Supplier<String> absent =
        () -> {
          throw new RetortException("built without CUDA");
        };

    assertThat(Cuda.find(absent, Optional.empty(), Optional::empty))
        .isEqualTo(
            Finding.note(
                "CUDA", "built without CUDA; no driver (libcuda.so.1); nvidia-smi finds no card"));
    assertThat(
            Cuda.find(absent, Optional.of(Path.of("/l/libcuda.so.1")), () -> Optional.of("H100")))
        .isEqualTo(Finding.note("CUDA", "built without CUDA; driver /l/libcuda.so.1; H100"));
    assertThat(Cuda.find(() -> "H100, cuBLAS 13.1", Optional.empty(), Optional::empty))
        .isEqualTo(Finding.ok("CUDA", "H100, cuBLAS 13.1"));
  }

  @Test
  void missingDataSetOfTheQuickstartIsAProblemAndOthersAreNotes() {
    List<Finding> findings = DataSets.find(name -> directory.resolve(name));

    assertThat(findings).extracting(Finding::level).containsExactly(Level.PROBLEM, Level.NOTE);
    assertThat(findings.get(0).text()).contains(directory.resolve("fashion-mnist").toString());
    assertThat(findings.get(1).text()).contains("mnist", "cifar-10", "cifar-100");
  }

  @Test
  void brokenDataSetOfTheQuickstartIsAProblem() throws IOException {
    Path place = Files.createDirectories(directory.resolve("fashion-mnist"));
    Files.writeString(place.resolve("train-images-idx3-ubyte"), "broken");

    assertThat(DataSets.find(name -> directory.resolve(name)).get(0).level())
        .isEqualTo(Level.PROBLEM);
  }

  @Test
  void otherDataSetThatIsThereIsNamed() throws IOException {
    Files.createDirectories(directory.resolve("cifar-10"));

    assertThat(DataSets.find(name -> directory.resolve(name)))
        .contains(Finding.ok("other data", "cifar-10 in " + directory.resolve("cifar-10")));
  }

  @Test
  void diskIsLookedAtWhereRunsWouldBeMade() throws IOException {
    Finding there = Disk.find(directory.resolve("runs/deeper"));
    assertThat(there.subject()).isEqualTo("disk");
    assertThat(there.text()).contains("free in " + directory);

    Path file = file("a file, not a directory");
    assertThat(Disk.find(file.resolve("runs")).level()).isEqualTo(Level.PROBLEM);
  }
}
