package io.retort.cli;

import io.retort.cli.doctor.Processor;
import io.retort.distill.Provenance;
import io.retort.distill.RunDirectory;
import io.retort.kernels.InstructionSet;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * Measures how long a run takes over all its sittings, and notes it in the run's provenance
 * together with where and how the run was made.
 */
final class RunClock {
  private final RunDirectory run;
  private final Invocation invocation;
  private final int threads;
  private final Provenance before;
  private final long start = System.nanoTime();

  private RunClock(RunDirectory run, Invocation invocation, int threads, Provenance before) {
    this.run = run;
    this.invocation = invocation;
    this.threads = threads;
    this.before = before;
  }

  /** Starts with the time of the sittings before this one. */
  static RunClock start(RunDirectory run, Invocation invocation, int threads) throws IOException {
    Provenance before = Files.exists(run.provenanceFile()) ? run.readProvenance() : null;
    return new RunClock(run, invocation, threads, before);
  }

  /** Notes an interruption. */
  void pause() throws IOException {
    note(null);
  }

  /** Notes the end, unless the run had ended before; returns the time of this sitting. */
  Duration finish() throws IOException {
    if (before == null || before.finishedAt() == null) {
      note(Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    }
    return Duration.ofNanos(System.nanoTime() - start);
  }

  private void note(String finishedAt) throws IOException {
    double seconds = (System.nanoTime() - start) / 1e9 + (before == null ? 0 : before.seconds());
    run.writeProvenance(
        new Provenance(
            before == null ? invocation.commandLine() : before.command(),
            Version.number(),
            Version.commit(),
            Processor.ofThisMachine().model(),
            InstructionSet.current(),
            threads,
            seconds,
            finishedAt));
  }
}
