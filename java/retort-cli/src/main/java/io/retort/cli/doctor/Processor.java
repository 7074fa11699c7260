package io.retort.cli.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The processor.
 *
 * @param model its name; null if it is not known
 * @param count how many of its logical processors this process may use
 */
public record Processor(String model, int count) {

  /** The one that this process runs on. */
  public static Processor ofThisMachine() {
    return of(Path.of("/proc/cpuinfo"), Runtime.getRuntime().availableProcessors());
  }

  static Processor of(Path cpuinfo, int count) {
    return new Processor(model(cpuinfo).orElse(null), count);
  }

  private static Optional<String> model(Path cpuinfo) {
    try (var lines = Files.lines(cpuinfo)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  Finding finding() {
    String name = model == null ? "of unknown model" : model;
    return Finding.ok(
        "processor",
        count == 1
            ? name + ", 1 core: 1 thread"
            : name
                + ", "
                + count
                + " cores: "
                + count
                + " threads unless --threads says otherwise");
  }
}
