package io.retort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.cli.doctor.Doctor;
import io.retort.cli.doctor.Finding;
import io.retort.cli.doctor.Finding.Level;
import io.retort.distill.Interruption;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {
  private static Outcome examine(Finding... findings) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    Invocation invocation =
        new Invocation("./retort", List.of(), stream, stream, false, new Interruption());
    int code = new DoctorCommand(invocation, new Doctor(List.of(() -> List.of(findings)))).call();
    return new Outcome(code, out.toString(StandardCharsets.UTF_8), "");
  }

  @Test
  void machineWithoutProblemsIsReady() {
    Outcome outcome =
        examine(
            new Finding(Level.OK, "kernels", "avx2"), new Finding(Level.NOTE, "CUDA", "no device"));

    assertThat(outcome.code()).isZero();
    assertThat(outcome.out())
        .startsWith("retort ")
        .contains("  ok       kernels      avx2\n", "  note     CUDA         no device\n")
        .endsWith("A quickstart works here: ./retort quickstart\n");
  }

  @Test
  void machineWithAProblemIsNotReady() {
    Outcome outcome = examine(new Finding(Level.PROBLEM, "data", "not found"));

    assertThat(outcome.code()).isEqualTo(ExitCode.NOT_READY);
    assertThat(outcome.out()).contains("  problem  data", "does not work here yet");
  }

  @Test
  void thisMachineIsLookedAtWholly() {
    String out = Outcome.of("doctor").out();

    assertThat(out)
        .contains("processor", "memory", "Java", "kernels", "OpenBLAS", "CUDA", "data", "disk");
  }
}
