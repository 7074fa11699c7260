package io.retort.cli.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Whether there is a CUDA device, and if not, what is missing. */
final class Cuda {
  /** Where distributions, containers and WSL put the driver's library. */
  private static final List<Path> PLACES =
      List.of(
          Path.of("/usr/lib/x86_64-linux-gnu"),
          Path.of("/usr/lib64"),
          Path.of("/usr/lib"),
          Path.of("/usr/local/cuda/compat"),
          Path.of("/usr/lib/wsl/lib"));

  private static final String DRIVER = "libcuda.so.1";
  private static final long PATIENCE_SECONDS = 10;

  private Cuda() {}

  /**
   * Looks for a device.
   *
   * @param describe opens Retort's CUDA device, says what it is and closes it again; throws, saying
   *     why, if it cannot
   * @param driver the driver's library, if it is installed
   * @param graphicsCards what nvidia-smi says, if it runs
   */
  static Finding find(
      Supplier<String> describe, Optional<Path> driver, Supplier<Optional<String>> graphicsCards) {
    try {
      return Finding.ok("CUDA", describe.get());
    } catch (LinkageError | RuntimeException e) {
      String card = graphicsCards.get().orElse("nvidia-smi finds no card");
      String library = driver.map(path -> "driver " + path).orElse("no driver (" + DRIVER + ")");
      return Finding.note("CUDA", NativeLibraries.reason(e) + "; " + library + "; " + card);
    }
  }

  /** The driver's library on this machine. */
  static Optional<Path> driver() {
    return PLACES.stream().map(place -> place.resolve(DRIVER)).filter(Files::exists).findFirst();
  }

  /** The first card that nvidia-smi lists, with its driver's version and its memory. */
  static Optional<String> graphicsCards() {
    try {
      Process process =
          new ProcessBuilder(
                  "nvidia-smi",
                  "--query-gpu=name,driver_version,memory.total",
                  "--format=csv,noheader")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return Optional.empty();
      }
      String output = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
      return process.exitValue() == 0 ? output.lines().findFirst() : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
