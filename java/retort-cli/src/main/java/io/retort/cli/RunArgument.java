package io.retort.cli;

import io.retort.distill.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A run that the user names: by its directory, or by its name in {@code runs/}. */
final class RunArgument {
  private RunArgument() {}

  /**
   * Opens it.
   *
   * @throws IOException if there is none
   */
  static RunDirectory open(Path run) throws IOException {
    Path named = Path.of("runs").resolve(run);
    return RunDirectory.open(Files.exists(run) || !Files.exists(named) ? run : named);
  }
}
