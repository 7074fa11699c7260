package io.retort.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThatCode;

import io.retort.benchmarks.Agreement;
import io.retort.benchmarks.DistillationLossProvider;
import io.retort.benchmarks.DistillationLossProvider.Step;
import io.retort.benchmarks.DistillationProblem;
import io.retort.kernels.DType;
import io.retort.kernels.Mean;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PeersAgreementTest {
  static List<Arguments> providersAndShapes() {
    List<Arguments> cases = new ArrayList<>();
    for (DistillationLossProvider provider : ServiceLoader.load(DistillationLossProvider.class)) {
      for (DType dtype : DType.values()) {
        for (Mean mean : Mean.values()) {
          for (int teachers : new int[] {1, 4, 16}) {
            if (provider.supports(dtype)) {
              cases.add(Arguments.of(provider.name(), provider, dtype, mean, teachers));
            }
          }
        }
      }
    }
    return cases;
  }

  @ParameterizedTest(name = "{0}, {2}, mean of {3}, {4} teachers")
  @MethodSource("providersAndShapes")
  void everyPeerAgreesWithRetortCallAfterCall(
      String name, DistillationLossProvider provider, DType dtype, Mean mean, int teachers) {
    for (int classes : new int[] {10, 1000, 32_000}) {
      try (DistillationProblem problem =
              new DistillationProblem(classes, teachers, dtype, mean, 2, 1L << 20);
          Step step = provider.prepare(problem)) {
        Agreement agreement = new Agreement(problem);

        assertThatCode(() -> agreement.check(name, step)).doesNotThrowAnyException();
        assertThatCode(() -> agreement.check(name, step)).doesNotThrowAnyException();
      }
    }
  }
}
