package io.retort.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.retort.cli.progress.ProgressDisplay;
import io.retort.cli.progress.TimeText;
import io.retort.cli.settings.SettingOptions;
import io.retort.distill.InterruptedRunException;
import io.retort.distill.Progress;
import io.retort.distill.RunDirectory;
import io.retort.distill.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * A command that makes a run: finds its directory and its configuration, shows how far it is, and
 * leaves a report.
 *
 * @param <C> the configuration
 */
abstract class RunCommand<C extends Record> implements Callable<Integer> {
  private final Invocation invocation;
  private final C defaults;

  @Spec private CommandSpec spec;
  @Mixin private final RunOptions run = new RunOptions();
  @Mixin private final ProgressOptions output = new ProgressOptions();
  @Mixin private final SettingOptions settings;

  RunCommand(Invocation invocation, C defaults, SettingOptions settings) {
    this.invocation = invocation;
    this.defaults = defaults;
    this.settings = settings;
  }

  /** Does the work; returns the result as a table. */
  abstract String run(C config, RunDirectory directory, Progress progress) throws IOException;

  /** The number of threads that a configuration asks for. */
  abstract int threads(C config);

  /** The device that a configuration asks for: {@code cpu}, {@code cuda} or {@code auto}. */
  abstract String device(C config);

  /** What holds where the user says nothing. */
  C defaults() {
    return defaults;
  }

  /** Writes the report of a finished run; returns the file. */
  Path report(RunDirectory directory) throws IOException {
    return Report.write(directory);
  }

  final Invocation invocation() {
    return invocation;
  }

  @Override
  public final Integer call() throws IOException {
    Path path = run.directory(spec.name());
    C config = settings.over(base(path));
    InterruptSignal signal = InterruptSignal.passTo(invocation.interruption());
    try {
      return make(config, RunDirectory.create(path));
    } finally {
      signal.close();
    }
  }

  private int make(C config, RunDirectory directory) throws IOException {
    DeviceNote.print(invocation, device(config));
    RunClock clock = RunClock.start(directory, invocation, threads(config));
    try {
      String table = runShowingProgress(config, directory);
      Duration time = clock.finish();
      invocation.out().println(table.stripTrailing());
      invocation.out().println();
      invocation.out().println("report: " + report(directory));
      invocation.out().println("time:   " + TimeText.of(time));
      return ExitCode.OK;
    } catch (InterruptedRunException e) {
      clock.pause();
      invocation.err().println("retort: " + e.getMessage() + "; to go on with it, run");
      invocation.err().println("  " + invocation.commandWith("--resume"));
      return ExitCode.INTERRUPTED;
    }
  }

  private String runShowingProgress(C config, RunDirectory directory) throws IOException {
    try (ProgressDisplay progress = output.open(invocation, spec)) {
      return run(config, directory, progress);
    }
  }

  /** What holds where the user says nothing: the run's own configuration, if it is gone on with. */
  private C base(Path path) throws IOException {
    Path file = path.resolve("config.yaml");
    if (!Files.exists(file)) {
      return defaults();
    } else if (!run.resume()) {
      throw new IllegalArgumentException(
          path + " already holds a run; pass --resume to go on with it, or --run NAME for another");
    }
    try {
      @SuppressWarnings("unchecked")
      Class<C> kind = (Class<C>) defaults.getClass();
      return RunDirectory.readConfig(file, kind);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          path + " holds no run of " + spec.qualifiedName() + "; pass --run NAME for another", e);
    }
  }
}
