package io.retort.distill.multiview;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.distill.Interruption;
import io.retort.distill.Progress;
import io.retort.distill.RunDirectory;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The paper's effects appear: a network learns one view of most classes, an ensemble covers both,
 * and a student takes both from it. This is {@code --quick}, with twice the step and half the steps
 * and without contrasts, so that it takes half a minute on two idle cores.
 *
 * <p>The bands are wider than the spread over seeds, which comes of chance: about half the members
 * know a view, so that of twenty now and then only five do. Measured with seeds 0 and 1: members
 * 65.7 and 64.4 % of single-view samples, the ensemble 98.2 and 95.0 %, students of soft targets at
 * T = 4 79.7 and 86.7 %, of the squared error 80.4 and 94.6 %, their control 62.7 and 67.7 %, a
 * student of one member 68.6 and 73.3 %.
 */
class MultiViewAcceptanceTest {

  @TempDir static Path directory;
  private static MultiViewResult result;

  @BeforeAll
  static void runExperiment() throws IOException {
    MultiViewConfig quick = MultiViewConfig.quick();
    LearnerConfig learner = quick.learner();
    MultiViewConfig config =
        new MultiViewConfig(
            quick.distribution(),
            new LearnerConfig(
                learner.neurons(),
                learner.degree(),
                learner.threshold(),
                learner.initialDeviation(),
                2 * learner.learningRate(),
                learner.steps() / 2),
            quick.members(),
            new StudentsConfig(1, 250, "4", 5, quick.students().oneSided()),
            ContrastsConfig.NONE,
            quick.seed(),
            0);
    result =
        MultiViewExperiment.run(
            config, RunDirectory.create(directory), Progress.SILENT, new Interruption());
  }

  private static double singleView(MethodResult method) {
    return method.spread(n -> n.accuracy().singleView()).mean();
  }

  @Test
  void everyNetworkFitsTheTrainingSamplesAndRecognisesMultiViewOnes() {
    assertThat(result.members().networks())
        .allSatisfy(
            network -> {
              assertThat(network.trainAccuracy()).isGreaterThanOrEqualTo(0.99);
              assertThat(network.accuracy().multiView()).isGreaterThanOrEqualTo(0.99);
            });
  }

  @Test
  void aNetworkMissesMostOfTheSecondViews() {
    assertThat(singleView(result.members())).isBetween(0.55, 0.75);
    assertThat(result.members().spread(n -> n.viewsKnown()).mean()).isBetween(10.0, 16.0);
  }

  @Test
  void theEnsembleCoversAllViews() {
    assertThat(result.ensemble().viewsCovered().mean()).isEqualTo(20);
    assertThat(result.ensemble().singleView().mean()).isGreaterThanOrEqualTo(0.93);
  }

  @Test
  void aStudentTakesTheViewsFromTheEnsembleAndNotFromMoreSteps() {
    for (String method : new String[] {MethodResult.softTargets(4), MethodResult.SQUARED_ERROR}) {
      MethodResult students = result.students(method);
      assertThat(singleView(students)).as(method).isGreaterThanOrEqualTo(0.75);
      assertThat(students.gainOver(result.control()).mean()).as(method).isGreaterThanOrEqualTo(0.1);
      assertThat(students.spread(n -> n.accuracy().multiView()).mean())
          .as(method)
          .isGreaterThanOrEqualTo(0.99);
    }
  }

  @Test
  void aStudentOfOneMemberStaysFarBelowTheEnsembles() {
    assertThat(singleView(result.students(MethodResult.SELF_DISTILLED)))
        .isLessThan(singleView(result.students(MethodResult.SQUARED_ERROR)) - 0.05);
  }

  @Test
  void softTargetsTellOfTheClassesThatAreInTheSample() {
    DarkKnowledge dark = result.darkKnowledge().get(0);
    assertThat(dark.offClassMass()).isBetween(0.2, 0.8);
    assertThat(dark.onPresentClasses()).isGreaterThan(dark.presentClasses());
  }
}
