package io.retort.cli;

import java.nio.file.Path;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Where a run goes, and whether it is a new one. */
final class RunOptions {

  @ArgGroup(exclusive = true)
  private Place place = new Place();

  @Option(
      names = "--resume",
      description = "Go on with the run that is there; begin one if there is none.")
  private boolean resume;

  /** A run has one place. */
  private static final class Place {
    @Option(
        names = "--run",
        paramLabel = "NAME",
        description = "Write to runs/NAME (default: the name of the command).")
    private String name;

    @Option(names = "--output", paramLabel = "DIR", description = "Write to this directory.")
    private Path directory;
  }

  /** The directory of the run, which need not exist yet. */
  Path directory(String defaultName) {
    return place.directory != null
        ? place.directory
        : Path.of("runs", place.name == null ? defaultName : place.name);
  }

  /** Whether a run that is there is gone on with. */
  boolean resume() {
    return resume;
  }
}
