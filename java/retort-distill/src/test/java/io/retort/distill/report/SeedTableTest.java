package io.retort.distill.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.retort.distill.DistillConfig;
import io.retort.distill.DistillationResult;
import java.util.List;
import org.junit.jupiter.api.Test;

class SeedTableTest {

  private static DistillationResult run(long seed, double alpha, double ensemble, double student) {
    DistillationResult made = SyntheticRun.result(ensemble, student);
    DistillConfig config = made.config();
    return new DistillationResult(
        new DistillConfig(
            config.training().withSeed(seed),
            config.members(),
            config.mean(),
            config.temperature(),
            alpha,
            config.studentArchitecture(),
            config.studentEpochs(),
            config.parallelModels()),
        made.steps(),
        made.studentSteps(),
        made.members(),
        made.memberAccuracyMean(),
        made.memberAccuracyDeviation(),
        made.ensembleOfLogits(),
        made.ensembleOfProbabilities(),
        made.student(),
        made.selfDistilled(),
        made.control());
  }

  @Test
  void everyRowIsTheMeanOfTheRunsWithTheirDeviation() {
    SeedTable table =
        SeedTable.of(List.of(run(0, 0.9, 0.9240, 0.9210), run(1, 0.9, 0.9260, 0.9230)));

    assertThat(table.format())
        .isASCII()
        .contains("members' mean              91.36 +- 0.00 %")
        .contains("ensemble of logits         92.50 +- 0.14 %  1.14 +- 0.14")
        .contains("student                    92.20 +- 0.14 %")
        .contains("2 runs, seeds 0, 1;")
        .contains("the student keeps 74 % of the gain")
        .contains("the student is ahead of its control in 2 of 2 runs, by 0.81 +- 0.14 points")
        .doesNotContain("member-1");
    assertThat(table.markdown())
        .contains("| student                   | 92.20 \u00b1 0.14 % | 0.84 \u00b1 0.14 |");
  }

  @Test
  void studentBehindItsControlIsCountedAsSuch() {
    SeedTable table =
        SeedTable.of(List.of(run(0, 0.9, 0.9240, 0.9100), run(1, 0.9, 0.9260, 0.9230)));

    assertThat(table.format()).contains("ahead of its control in 1 of 2 runs");
  }

  @Test
  void refusesRunsThatCannotBePutTogether() {
    DistillationResult one = run(0, 0.9, 0.9240, 0.9210);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> SeedTable.of(List.of(one)))
        .withMessageContaining("at least 2, got 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SeedTable.of(List.of(one, run(0, 0.9, 0.9260, 0.9230))))
        .withMessageContaining("a seed each");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SeedTable.of(List.of(one, run(1, 0.5, 0.9260, 0.9230))))
        .withMessageContaining("nothing but their seed")
        .withMessageContaining("alpha=0.5");
  }
}
