package io.retort.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.retort.distill.Interruption;
import io.retort.kernels.RetortException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every failure is one sentence, with the right exit code. */
class FailuresTest {
  @TempDir static Path data;
  @TempDir Path directory;

  @BeforeAll
  static void writeImages() throws IOException {
    TinyImages.write(data);
  }

  private record Told(int code, String text) {}

  private static Told tell(Throwable failure, String... arguments) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
    Invocation invocation =
        new Invocation("retort", List.of(arguments), stream, stream, false, new Interruption());
    int code = new Failures(invocation).of(failure);
    return new Told(code, err.toString(StandardCharsets.UTF_8).stripTrailing());
  }

  @Test
  void wrongArgumentIsToldInItsOwnWords() {
    assertThat(tell(new IllegalArgumentException("alpha must lie in [0, 1], got 2")))
        .isEqualTo(new Told(2, "retort: alpha must lie in [0, 1], got 2"));
  }

  @Test
  void missingDeviceIsToldInItsOwnWords() {
    assertThat(tell(new RetortException("no CUDA device; use --device cpu")))
        .isEqualTo(new Told(2, "retort: no CUDA device; use --device cpu"));
  }

  @Test
  void filesThatCannotBeUsedAreNamed() {
    assertThat(tell(new AccessDeniedException("/x/runs")).text()).contains("/x/runs", "--output");
    assertThat(tell(new NoSuchFileException("/x/model")).text())
        .isEqualTo("retort: there is no file /x/model");
    assertThat(tell(new FileSystemException("/x/runs", null, "Read-only file system")).text())
        .isEqualTo("retort: cannot use /x/runs: Read-only file system");
  }

  @Test
  void lackOfMemorySaysWhatHelps() {
    Told told = tell(new OutOfMemoryError("Java heap space"));

    assertThat(told.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(told.text()).contains("--batch-size", "JDK_JAVA_OPTIONS=-Xmx").hasLineCount(1);
  }

  @Test
  void missingNativeLibraryPointsToTheDoctor() {
    Told told =
        tell(new ExceptionInInitializerError(new UnsatisfiedLinkError("no jniRetort in path")));

    assertThat(told.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(told.text()).contains("no jniRetort in path", "retort doctor");
  }

  @Test
  void mistakeInRetortAsksToRunAgainWithDebug() {
    Told told = tell(new IllegalStateException("tensor is closed"));

    assertThat(told.code()).isEqualTo(ExitCode.BUG);
    assertThat(told.text()).contains("tensor is closed", "--debug").hasLineCount(1);
  }

  @Test
  void debugShowsTheStackTrace() {
    assertThat(tell(new IllegalStateException("tensor is closed"), "--debug").text())
        .contains("\tat io.retort.cli.FailuresTest");
    assertThat(tell(new IllegalArgumentException("wrong"), "--debug").text())
        .contains("\tat io.retort.cli.FailuresTest");
  }

  @Test
  void misspeltOptionIsSuggested() {
    Outcome outcome = Outcome.of("train", "--epoch", "3");

    assertThat(outcome.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(outcome.err())
        .contains("Unknown options: '--epoch'", "--epochs", "retort train --help");
    assertThat(outcome.out()).isEmpty();
  }

  @Test
  void misspeltCommandIsSuggested() {
    Outcome outcome = Outcome.of("quickstrat");

    assertThat(outcome.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(outcome.err()).contains("quickstrat", "quickstart");
  }

  @Test
  void flagThatIsNoNumberIsNamed() {
    assertRefused(
        "--epochs must be a whole number, got five",
        "train",
        "--output",
        run(),
        "--epochs",
        "five");
  }

  @Test
  void flagOutOfRangeIsNamed() {
    assertRefused(
        "--batch-size must be at least 1, got 0", "train", "--output", run(), "--batch-size", "0");
    assertRefused(
        "--alpha must lie in [0.0, 1.0], got 1.5", "distill", "--output", run(), "--alpha", "1.5");
  }

  @Test
  void unknownNamesAreToldWithTheKnownOnes() {
    assertRefused(
        "--data must be one of fashion-mnist, mnist",
        "train",
        "--output",
        run(),
        "--data",
        "imagenet");
    assertRefused(
        "--schedule must be one of constant, step",
        "train",
        "--output",
        run(),
        "--schedule",
        "linear");
    assertRefused(
        "--device must be one of cpu, cuda, auto", "train", "--output", run(), "--device", "tpu");
    assertRefused(
        "--augmentation must be one of none", "train", "--output", run(), "--augmentation", "x");
    assertRefused("none-4", "train", "--output", run(), "--architecture", "none-4");
  }

  @Test
  void runAndOutputExcludeEachOther() {
    assertRefused("mutually exclusive", "train", "--run", "a", "--output", "b");
  }

  @Test
  void missingDataSetSaysWhereItWasLookedFor() {
    Path nowhere = directory.resolve("nowhere");
    assertRefused(
        nowhere.toString(),
        "train",
        "--output",
        run(),
        "--data",
        "mnist",
        "--data-dir",
        nowhere.toString());
  }

  @Test
  void fileInTheWayOfTheRunIsNamed() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    assertRefused(file.toString(), train(file.resolve("run")));
  }

  @Test
  void directoryWithoutPermissionIsNamed() throws IOException {
    Path readOnly = Files.createDirectory(directory.resolve("read-only"));
    assumeFalse(!readOnly.toFile().setWritable(false) || Files.isWritable(readOnly), "as root");
    assertRefused("no permission for " + readOnly, train(readOnly.resolve("run")));
  }

  private static String[] train(Path output) {
    return new String[] {
      "train", "--data", "mnist", "--data-dir", data.toString(), "--output", output.toString()
    };
  }

  @Test
  void fileThatIsNoModelIsNamed() throws IOException {
    Path text = Files.writeString(directory.resolve("text.safetensors"), "no model");
    assertRefused(text.toString(), "evaluate", text.toString());
    assertRefused("there is no file", "evaluate", directory.resolve("none").toString());
  }

  @Test
  void directoryThatIsNoRunIsNamed() {
    assertRefused(directory + " is no run", "report", directory.toString());
  }

  @Test
  void configFileWithMistakeIsToldWithFileAndLine() throws IOException {
    Path config = Files.writeString(directory.resolve("mine.yaml"), "epochs: 2\nepoch: 3\n");
    assertRefused(
        config + ", line 2: unknown key epoch",
        "train",
        "--output",
        run(),
        "--config",
        config.toString());
  }

  private String run() {
    return directory.resolve("run").toString();
  }

  private static void assertRefused(String words, String... arguments) {
    Outcome outcome = Outcome.of(arguments);
    assertThat(outcome.err()).contains(words).doesNotContain("\tat ");
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(ExitCode.REFUSED);
    assertThat(outcome.out()).isEmpty();
  }
}
