package io.retort.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThatCode;

import io.retort.benchmarks.Agreement;
import io.retort.benchmarks.DistillationLossProvider;
import io.retort.benchmarks.DistillationLossProvider.Step;
import io.retort.benchmarks.DistillationProblem;
import io.retort.kernels.Mean;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PeersAgreementTest {
  static Stream<Arguments> providersAndShapes() {
    return ServiceLoader.load(DistillationLossProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .flatMap(
            provider ->
                Stream.of(Mean.values())
                    .flatMap(
                        mean ->
                            List.of(1, 4, 16).stream()
                                .map(k -> Arguments.of(provider.name(), provider, mean, k))));
  }

  @ParameterizedTest(name = "{0}, mean of {2}, {3} teachers")
  @MethodSource("providersAndShapes")
  void everyPeerAgreesWithRetortCallAfterCall(
      String name, DistillationLossProvider provider, Mean mean, int teachers) {
    for (int classes : new int[] {10, 1000, 32_000}) {
      try (DistillationProblem problem =
              new DistillationProblem(classes, teachers, mean, 2, 1L << 20);
          Step step = provider.prepare(problem)) {
        Agreement agreement = new Agreement(problem);

        assertThatCode(() -> agreement.check(name, step)).doesNotThrowAnyException();
        assertThatCode(() -> agreement.check(name, step)).doesNotThrowAnyException();
      }
    }
  }
}
