package io.retort.distill.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.distill.DistillConfig;
import io.retort.distill.DistillationResult;
import io.retort.distill.MeanKind;
import io.retort.distill.ModelResult;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeadlineTest {

  /** The members' mean is 91.36 %. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          .9243 | .9213 | 92.4 %, 1.1 points above their mean; the student keeps 0.8 of them.
          .9243 | .9243 | 92.4 %, 1.1 points above their mean; the student keeps all of them.
          .9243 | .9260 | 92.4 %, 1.1 points above their mean; the student keeps all of them and adds 0.1.
          .9243 | .9138 | 92.4 %, 1.1 points above their mean; the student keeps none of them.
          .9243 | .9116 | 92.4 %, 1.1 points above their mean; the student keeps none of them and falls 0.2 points below that mean.
          .9138 | .9150 | 91.4 %, no better than their mean; the student reaches 91.5 %, 0.1 points above that mean.
          .9106 | .9096 | 91.1 %, 0.3 points below their mean; the student reaches 91.0 %, 0.4 points below that mean.
          .9106 | .9136 | 91.1 %, 0.3 points below their mean; the student reaches 91.4 %, the same as that mean.
          """)
  void theGainIsToldAsItIs(double ensemble, double student, String end) {
    String headline = Headline.of(SyntheticRun.result(ensemble, student));

    assertThat(spaced(headline)).isEqualTo("Five networks together reach " + end);
  }

  @Test
  void theEnsembleIsTheOneThatTaughtTheStudent() {
    DistillationResult result = SyntheticRun.result(0.9243, 0.9213);
    DistillConfig logits = result.config();
    DistillConfig probabilities =
        new DistillConfig(logits.training(), 5, MeanKind.PROBABILITIES, 4, 0.9, null);
    DistillationResult other =
        with(probabilities, result, result.members(), result.memberAccuracyMean());

    assertThat(spaced(Headline.of(other))).contains("reach 92.4 %, 1.0 points above their mean");
  }

  @Test
  void oneMemberIsNoEnsemble() {
    DistillationResult five = SyntheticRun.result(0.9121, 0.9161);
    DistillConfig config =
        new DistillConfig(five.config().training(), 1, MeanKind.LOGITS, 4, 0.9, null);
    DistillationResult one = with(config, five, five.members().subList(0, 1), 0.9121);

    assertThat(spaced(Headline.of(one)))
        .isEqualTo("One network reaches 91.2 %; the student reaches 91.6 %, 0.4 points above it.");
    assertThat(Headline.details(one)).noneMatch(sentence -> sentence.contains("parameters"));
  }

  @Test
  void theDetailsNameTheControlTheSizeAndTheStandardError() {
    List<String> details = Headline.details(SyntheticRun.result(0.9243, 0.9213));

    assertThat(details.stream().map(HeadlineTest::spaced))
        .containsExactly(
            "The student reaches 92.13 %. The same network reaches 91.39 % from the labels alone"
                + " and 91.71 % taught by a single member.",
            "The student has 206 922 parameters, the ensemble 1 034 610.",
            "Counted on 10 000 test images, an accuracy has a standard error of 0.26 points;"
                + " smaller differences may be chance.");
  }

  private static DistillationResult with(
      DistillConfig config, DistillationResult result, List<ModelResult> members, double mean) {
    return new DistillationResult(
        config,
        result.steps(),
        result.studentSteps(),
        members,
        mean,
        0,
        result.ensembleOfLogits(),
        result.ensembleOfProbabilities(),
        result.student(),
        result.selfDistilled(),
        result.control());
  }

  private static String spaced(String text) {
    return text.replace('\u00a0', ' ').replace('\u202f', ' ');
  }
}
