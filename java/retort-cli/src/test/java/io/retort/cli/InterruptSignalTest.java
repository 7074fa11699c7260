package io.retort.cli;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process of its own that is told to end while it trains. */
@Timeout(120)
class InterruptSignalTest {
  @TempDir Path directory;

  private Process start(String... more) throws IOException {
    // A test started in the background of a shell ignores SIGINT, and so would its children.
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of("-Dretort.program=./retort", "io.retort.cli.Main", "train"));
    command.addAll(List.of("--output", directory.resolve("run").toString()));
    command.addAll(List.of(more));
    return new ProcessBuilder(command).redirectOutput(directory.resolve("out").toFile()).start();
  }

  @Test
  void controlCLeavesACheckpointAndTheRunGoesOn() throws Exception {
    String data = TinyImages.write(directory.resolve("data")).toString();
    Process process =
        start(
            "--data",
            "mnist",
            "--data-dir",
            data,
            "--architecture",
            "mlp-16",
            "--epochs",
            "2000",
            "--batch-size",
            "16",
            "--threads",
            "1",
            "--device",
            "cpu");
    String said;
    try (BufferedReader err = process.errorReader()) {
      String first = err.readLine();
      assertThat(first).contains("step");
      new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
      said = String.join("\n", err.lines().toList());
    }

    assertThat(process.waitFor(60, SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(said).contains("  ./retort train --output ", " --resume");
    assertThat(directory.resolve("run/checkpoints/model.state.safetensors")).isNotEmptyFile();

    Process resumed = start("--resume");
    try (BufferedReader err = resumed.errorReader()) {
      String first = err.readLine();
      assertThat(first).contains("step").doesNotContain("step 1 of");
      resumed.destroy();
    }
    assertThat(resumed.waitFor(60, SECONDS)).isTrue();
    assertThat(Files.readString(directory.resolve("out"))).doesNotContain("report");
  }
}
