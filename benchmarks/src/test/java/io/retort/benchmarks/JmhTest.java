package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.runner.RunnerException;

class JmhTest {
  @Test
  void aFailureTellsWhatTheBenchmarkThrew() {
    Map<String, ?> parameters = Map.of("provider", "tensorflow", "modelBytes", 1000);

    assertThatThrownBy(() -> Jmh.sample(DistillationLossBenchmark.class, parameters, 3))
        .isInstanceOf(RunnerException.class)
        .hasMessageContaining("provider must be one of [retort, java], got tensorflow");
  }
}
