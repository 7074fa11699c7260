package io.retort.distill.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.distill.DistillationResult;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class ResultTableTest {

  private final DistillationResult result = SyntheticRun.result(0.9243, 0.9213);

  @Test
  void theTableForATerminalIsAlignedAsciiWithARowAModel() {
    assertThat(ResultTable.format(result))
        .isEqualTo(
            """
                                       accuracy  difference     NLL     ECE  agreement
            member-1                    91.21 %       -0.15  0.2460  0.0234     94.3 %
            member-2                    91.52 %       +0.16  0.2460  0.0234     94.3 %
            member-3                    91.18 %       -0.18  0.2460  0.0234     94.3 %
            member-4                    91.49 %       +0.13  0.2460  0.0234     94.3 %
            member-5                    91.40 %       +0.04  0.2460  0.0234     94.3 %
            members' mean               91.36 %              0.2460  0.0234     94.3 %
            ensemble of logits          92.43 %       +1.07  0.2138  0.0071
            ensemble of probabilities   92.35 %       +0.99  0.2151  0.0070
            student                     92.13 %       +0.77  0.2253  0.0110     96.1 %
            self-distilled              91.71 %       +0.35  0.2394  0.0148     94.7 %
            control                     91.39 %       +0.03  0.2471  0.0228     94.2 %

            difference: points above the members' mean, whose standard deviation is 0.16 points
            NLL: nats; ECE: expected calibration error; agreement: with the ensemble's predictions
            """)
        .isASCII();
  }

  @Test
  void theTableAsMarkdownHasTheSameCells() {
    String markdown = ResultTable.markdown(result);

    assertThat(markdown.lines().limit(3))
        .containsExactly(
            "|                           | accuracy | difference |    NLL |    ECE | agreement |",
            "|:--------------------------|---------:|-----------:|-------:|-------:|----------:|",
            "| member-1                  |  91.21 % |      -0.15 | 0.2460 | 0.0234 |    94.3 % |");
    assertThat(markdown)
        .contains("| student                   |  92.13 % |      +0.77 | 0.2253 | 0.0110 |");
    assertThat(markdown.lines().filter(line -> line.startsWith("|"))).hasSize(13);
  }

  @Test
  void aTableIsTheSameInEveryLocale() {
    Locale before = Locale.getDefault();
    String english = ResultTable.format(result);
    try {
      Locale.setDefault(Locale.GERMANY);
      assertThat(ResultTable.format(result)).isEqualTo(english);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void whatWasNotTrainedHasNoRow() {
    DistillationResult without =
        new DistillationResult(
            result.config(),
            result.steps(),
            result.studentSteps(),
            result.members(),
            result.memberAccuracyMean(),
            result.memberAccuracyDeviation(),
            result.ensembleOfLogits(),
            result.ensembleOfProbabilities(),
            result.student(),
            null,
            null);

    assertThat(ResultTable.format(without))
        .contains("\nstudent ")
        .doesNotContain("self-distilled", "control");
  }
}
