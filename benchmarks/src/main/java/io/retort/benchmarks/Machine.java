package io.retort.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** What a result must be read beside: the processor and the commit. */
final class Machine {
  private Machine() {}

  /** The processor's name as the operating system gives it, or "unknown". */
  static String processor() {
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      String name =
          lines
              .filter(line -> line.startsWith("model name"))
              .map(line -> line.substring(line.indexOf(':') + 1).trim())
              .findFirst()
              .orElse("unknown");
      return name + ", " + Runtime.getRuntime().availableProcessors() + " cores";
    } catch (IOException unreadable) {
      return "unknown";
    }
  }

  /**
   * The commit of the sources, marked where they were changed since, or "unknown" outside a
   * checkout.
   */
  static String commit() {
    try {
      Process git = new ProcessBuilder("git", "describe", "--always", "--dirty").start();
      String commit =
          new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
      return git.waitFor(10, TimeUnit.SECONDS) && git.exitValue() == 0 ? commit : "unknown";
    } catch (IOException noGit) {
      return "unknown";
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return "unknown";
    }
  }
}
