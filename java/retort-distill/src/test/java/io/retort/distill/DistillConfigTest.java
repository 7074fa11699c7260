package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DistillConfigTest {
  @Test
  void runsOfNeighbouringSeedsShareNoNetwork() {
    List<Long> seeds = new ArrayList<>();
    for (long seed = 0; seed < 3; seed++) {
      DistillConfig config = withSeed(seed);
      for (int number = 1; number <= config.members(); number++) {
        seeds.add(config.member(number).seed());
      }
      seeds.add(config.student().seed());
    }

    assertThat(seeds).doesNotHaveDuplicates();
  }

  private static DistillConfig withSeed(long seed) {
    DistillConfig made = DistillConfig.defaults();
    return new DistillConfig(
        made.training().withSeed(seed),
        made.members(),
        made.mean(),
        made.temperature(),
        made.alpha(),
        made.studentArchitecture());
  }
}
