package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class SparseTest {
  @TempDir private Path directory;
  private final StringWriter errors = new StringWriter();

  private int run(String... arguments) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setErr(new PrintWriter(errors, true));
    return commandLine.execute(arguments);
  }

  @Test
  void aRunStoresTopKAndEveryTailAskedFor() throws Exception {
    Path results = directory.resolve("results.csv");
    int status =
        run(
            "sparse",
            "--classes",
            "50",
            "--entries",
            "4",
            "--tails",
            "bin",
            "--threads",
            "1",
            "--megabytes",
            "1",
            "--milliseconds",
            "30",
            "--output",
            results.toString());
    assertThat(status).isZero();
    assertThat(Measurements.read(results).rows())
        .allSatisfy(row -> assertThat(row.shareOfCopy()).isPositive())
        .extracting(Measurement::kernel)
        .containsExactly(
            "top-k-of-logits", "top-k-of-log-probabilities", "sparse-distillation-loss-bin");
  }

  @Test
  void moreEntriesThanClassesAreRefused() {
    assertThat(run("sparse", "--classes", "50", "--entries", "51")).isEqualTo(2);
    assertThat(errors.toString())
        .contains("--entries must be at most the classes and 1024, got 51");
  }
}
