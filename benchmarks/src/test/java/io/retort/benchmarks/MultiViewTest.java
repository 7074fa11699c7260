package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.benchmarks.TrainingStepProvider.Step;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class MultiViewTest {
  private static final MultiViewProblem PROBLEM = new MultiViewProblem(2, 12, 3, 20, 1);

  @TempDir private Path directory;
  private final StringWriter errors = new StringWriter();

  private int run(String... arguments) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setErr(new PrintWriter(errors, true));
    return commandLine.execute(arguments);
  }

  private static List<Double> losses(int count) {
    try (Step step = new RetortMultiViewStepProvider().prepare(PROBLEM)) {
      return Stream.generate(step::run).limit(count).toList();
    }
  }

  @Test
  void stepsLowerTheLoss() {
    List<Double> losses = losses(10);

    assertThat(losses.get(0)).isBetween(2.0, 3.0);
    assertThat(losses.get(9)).isLessThan(0.5 * losses.get(0));
  }

  @Test
  void retortAgreesWithItselfAndOneStepBehindItDoesNot() {
    List<Double> losses = losses(4);
    try (Step same = new RetortMultiViewStepProvider().prepare(PROBLEM);
        Step behind = new RetortMultiViewStepProvider().prepare(PROBLEM)) {
      assertThatCode(() -> MultiView.checkAgreement("same", losses, same))
          .doesNotThrowAnyException();
      assertThatThrownBy(() -> MultiView.checkAgreement("behind", losses.subList(1, 4), behind))
          .hasMessageContaining("behind's loss at step 1");
    }
  }

  @Test
  void aRunStoresARowForEachProvider() throws Exception {
    Path results = directory.resolve("results.csv");

    int status =
        run(
            "multi-view",
            "--providers",
            "retort",
            "--networks",
            "2",
            "--samples",
            "10",
            "--dimension",
            "20",
            "--threads",
            "1",
            "--milliseconds",
            "20",
            "--output",
            results.toString());

    assertThat(status).as(errors.toString()).isZero();
    assertThat(Csv.read(results, MultiViewMeasurement.class))
        .singleElement()
        .satisfies(row -> assertThat(row.fastest()).isPositive().isLessThanOrEqualTo(row.median()));
  }

  @Test
  void noNetworksAreRefused() {
    assertThat(run("multi-view", "--networks", "0")).isEqualTo(2);
    assertThat(errors.toString()).contains("--networks must be at least 1, got 0");
  }
}
