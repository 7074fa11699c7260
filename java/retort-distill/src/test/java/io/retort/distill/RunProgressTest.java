package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run with several networks in training is told of as a whole. */
class RunProgressTest {
  private static final int MEMBERS = 2;

  @TempDir Path directory;

  @Test
  void stepsOfSeveralInTrainingAreAllToldOfAndCounted() throws IOException {
    List<Progress.Update> updates = new ArrayList<>();
    DistillConfig config = ToyRuns.distillation();
    List<ModelPlan> members = Distillation.plans(config).subList(0, MEMBERS);
    RunDirectory run = RunDirectory.create(directory);
    ImageRun images = new ImageRun(run, ToyImages.data(), config.training());

    images.train(config, members, MEMBERS, keep(updates), new Interruption());

    for (int i = 0; i < 24; i++) {
      assertThat(updates.get(i).fractionOfRun()).isEqualTo((i + 1) / 24.0);
    }
    assertThat(updates)
        .filteredOn(update -> update.inTraining() == MEMBERS)
        .extracting(Progress.Update::stage)
        .contains("member-1", "member-2");
    assertThat(updates).hasSize(24).allSatisfy(u -> assertThat(u.imagesPerSecond()).isPositive());
  }

  /** Holds the first network up until the second has made a step too. */
  private static Progress keep(List<Progress.Update> updates) {
    return update -> {
      updates.add(update);
      if (updates.stream().noneMatch(u -> u.inTraining() == MEMBERS)) {
        LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
      }
    };
  }
}
