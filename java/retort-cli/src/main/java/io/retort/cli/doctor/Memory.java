package io.retort.cli.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalLong;

/** The memory of the machine and of Java. */
final class Memory {
  private static final double KIBIBYTES_IN_GIBIBYTE = 1 << 20;
  private static final double BYTES_IN_GIBIBYTE = 1 << 30;

  /** What the quickstart needs: its images, five networks one at a time, and room for Java. */
  private static final double ENOUGH_GIBIBYTES = 1;

  private Memory() {}

  static Finding find(Path meminfo, long javaBytes) {
    String ofJava = gibibytes(javaBytes / BYTES_IN_GIBIBYTE) + " for the objects of Java";
    OptionalLong total = kibibytes(meminfo, "MemTotal");
    OptionalLong available = kibibytes(meminfo, "MemAvailable");
    if (total.isEmpty() || available.isEmpty()) {
      return Finding.note("memory", "cannot tell how much there is; " + ofJava);
    }
    double free = available.getAsLong() / KIBIBYTES_IN_GIBIBYTE;
    String text =
        gibibytes(total.getAsLong() / KIBIBYTES_IN_GIBIBYTE)
            + ", of which "
            + gibibytes(free)
            + " are free; "
            + ofJava;
    return free >= ENOUGH_GIBIBYTES
        ? Finding.ok("memory", text)
        : Finding.problem("memory", text + "; free at least " + gibibytes(ENOUGH_GIBIBYTES));
  }

  private static String gibibytes(double amount) {
    return String.format(Locale.ROOT, "%.1f GiB", amount);
  }

  private static OptionalLong kibibytes(Path meminfo, String name) {
    try (var lines = Files.lines(meminfo)) {
      return lines
          .filter(line -> line.matches(name + ":\\s+\\d+ kB"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }
}
