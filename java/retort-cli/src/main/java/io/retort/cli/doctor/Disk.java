package io.retort.cli.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Whether runs can be written. */
final class Disk {
  private static final double BYTES_IN_GIBIBYTE = 1 << 30;

  /** The quickstart leaves a few MiB; the rest is for what runs grow to. */
  private static final double ENOUGH_GIBIBYTES = 0.2;

  private Disk() {}

  /** Looks where the directory is, or would be made. */
  static Finding find(Path directory) {
    Path existing = directory.toAbsolutePath();
    while (!Files.exists(existing)) {
      existing = existing.getParent();
    }
    if (!Files.isDirectory(existing) || !Files.isWritable(existing)) {
      return Finding.problem(
          "disk", "no permission to write to " + existing + "; call retort from another directory");
    }
    try {
      double free = Files.getFileStore(existing).getUsableSpace() / BYTES_IN_GIBIBYTE;
      String text = String.format(Locale.ROOT, "%.1f GiB free in %s", free, existing);
      return free >= ENOUGH_GIBIBYTES
          ? Finding.ok("disk", text)
          : Finding.problem("disk", text + "; free some space");
    } catch (IOException e) {
      return Finding.note("disk", "cannot tell how much is free in " + existing);
    }
  }
}
