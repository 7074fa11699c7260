package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final StringWriter said = new StringWriter();
  private long seconds;

  private Progress progress(int total, long firstMilliseconds) {
    return new Progress(
        total, firstMilliseconds, new PrintWriter(said, true), () -> seconds * 1_000_000_000);
  }

  @Test
  void theFirstLineExpectsEachToTakeWhatIsAskedFor() {
    progress(720, 5000).begin("10 classes, copy");

    assertThat(said).hasToString("1 of 720: 10 classes, copy; about 1:00:00 left\n");
  }

  @Test
  void laterLinesExpectEachToTakeWhatThoseBeforeDidOnAverage() {
    Progress progress = progress(4, 1);
    progress.begin("a");
    seconds += 10;
    progress.begin("b");
    seconds += 30;
    progress.begin("c");

    assertThat(said.toString().lines())
        .endsWith("2 of 4: b; about 0:00:30 left", "3 of 4: c; about 0:00:40 left");
  }
}
