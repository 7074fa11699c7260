package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.benchmarks.TrainingStepProvider.Step;
import org.junit.jupiter.api.Test;

class TrainingAgreementTest {
  private static final TrainingProblem PROBLEM = new TrainingProblem(TrainingNetwork.CNNBN, 16, 1);

  @Test
  void retortAgreesWithItself() {
    try (Step step = new RetortTrainingStepProvider().prepare(PROBLEM)) {
      assertThatCode(() -> TrainingAgreement.check("retort", PROBLEM, step))
          .doesNotThrowAnyException();
    }
  }

  @Test
  void aStepThatTrainsNothingIsFoundAtTheSecondLoss() {
    try (Step first = new RetortTrainingStepProvider().prepare(PROBLEM)) {
      double firstLoss = first.run();
      Step idle =
          new Step() {
            @Override
            public double run() {
              return firstLoss;
            }

            @Override
            public void close() {}
          };

      assertThatThrownBy(() -> TrainingAgreement.check("idle", PROBLEM, idle))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("idle's loss at step 2");
    }
  }

  @Test
  void aLossThatIsNoNumberIsFound() {
    Step broken =
        new Step() {
          @Override
          public double run() {
            return Double.NaN;
          }

          @Override
          public void close() {}
        };

    assertThatThrownBy(() -> TrainingAgreement.check("broken", PROBLEM, broken))
        .hasMessageContaining("broken's loss at step 1");
  }
}
