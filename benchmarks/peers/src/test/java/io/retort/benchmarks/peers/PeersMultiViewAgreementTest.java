package io.retort.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.retort.benchmarks.MultiViewProblem;
import io.retort.benchmarks.MultiViewStepProvider;
import io.retort.benchmarks.RetortMultiViewStepProvider;
import io.retort.benchmarks.TrainingStepProvider.Step;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PeersMultiViewAgreementTest {
  private static final MultiViewProblem PROBLEM = new MultiViewProblem(3, 16, 4, 30, 1);

  @ParameterizedTest
  @ValueSource(classes = {NumPyOpenBlasStepProvider.class, NumPyOneByOneStepProvider.class})
  void numPyTrainsLikeRetort(Class<? extends MultiViewStepProvider> kind) throws Exception {
    assumeTrue(Files.isDirectory(Path.of("/usr/lib/python3/dist-packages/numpy")), "no NumPy");
    MultiViewStepProvider provider = kind.getDeclaredConstructor().newInstance();
    try (Step retort = new RetortMultiViewStepProvider().prepare(PROBLEM);
        Step numPy = provider.prepare(PROBLEM)) {
      for (int step = 0; step < 5; step++) {
        assertThat(numPy.run()).isCloseTo(retort.run(), within(1e-4));
      }
    }
  }
}
