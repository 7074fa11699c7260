package io.retort.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThatCode;

import io.retort.benchmarks.TrainingAgreement;
import io.retort.benchmarks.TrainingNetwork;
import io.retort.benchmarks.TrainingProblem;
import io.retort.benchmarks.TrainingStepProvider.Step;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PeersTrainingAgreementTest {
  @ParameterizedTest
  @CsvSource({"CNNBN, false", "CNNBN, true", "WRN, false", "WRN, true"})
  void pyTorchTrainsAsRetortDoes(TrainingNetwork network, boolean channelsLast) {
    TrainingProblem problem = new TrainingProblem(network, 16, 2);
    try (Step step = new PyTorchTrainingStep(problem, channelsLast)) {
      assertThatCode(() -> TrainingAgreement.check("pytorch", problem, step))
          .doesNotThrowAnyException();
    }
  }
}
