package io.retort.cli.progress;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.distill.Progress.Update;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressDisplayTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8);
  private final AtomicLong nanos = new AtomicLong();

  private static Update step(long step) {
    return new Update("member-2", 2, 8, step, 100, 0.41234, 23_456.7, (100 + step) / 800.0, 1);
  }

  private String shown() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void plainProgressIsALineForEachTenthOfTheRun() {
    PlainProgress progress = new PlainProgress(stream, nanos::get);

    for (int step = 0; step <= 800; step++) {
      progress.report(new Update("model", 1, 1, step, 800, 1, 10, step / 800.0, 1));
    }

    assertThat(shown().lines()).hasSize(11);
    assertThat(shown().lines()).element(3).asString().startsWith(" 30 % model, step 240 of 800");
    assertThat(shown())
        .endsWith("100 % model, step 800 of 800, loss 1.000, 10 images/s, 0.0 s left\n");
  }

  @Test
  void lineTellsStageStepLossSpeedAndTimeLeftOfTheWholeRun() {
    PlainProgress progress = new PlainProgress(stream, nanos::get);
    progress.report(step(0));
    nanos.set(Duration.ofSeconds(60).toNanos());

    progress.report(step(100));

    assertThat(shown().lines())
        .element(1)
        .isEqualTo(
            " 25 % member-2 (2 of 8), step 100 of 100, loss 0.412, 23,457 images/s, 6 min 0 s"
                + " left");
  }

  @Test
  void lineOfSeveralNetworksInTrainingSaysHowManyMoreThereAre() {
    PlainProgress progress = new PlainProgress(stream, nanos::get);

    progress.report(new Update("member-1", 1, 8, 9, 100, 0.5, 18_000, 0.02, 3));

    assertThat(shown())
        .isEqualTo(
            "  2 % member-1 (1 of 8) and 2 more, step 9 of 100, loss 0.500, 18,000 images/s in"
                + " all\n");
  }

  @Test
  void whatIsNotKnownIsLeftOut() {
    PlainProgress progress = new PlainProgress(stream, nanos::get);

    progress.report(new Update("member-1", 1, 8, 469, 469, Double.NaN, 0, 0.125, 1));

    assertThat(shown()).isEqualTo(" 13 % member-1 (1 of 8), step 469 of 469\n");
  }

  @Test
  void timeLeftOfAResumedRunIsJudgedBySpeedSinceThen() {
    TimeLeft left = new TimeLeft(nanos::get);

    assertThat(left.at(0.5)).isEmpty();
    nanos.set(Duration.ofSeconds(10).toNanos());

    assertThat(left.at(0.75)).contains(Duration.ofSeconds(10));
  }

  @Test
  void terminalProgressStaysOnOneLineOfItsWidth() {
    try (TerminalProgress progress = new TerminalProgress(stream, 60)) {
      for (int step = 0; step <= 100; step++) {
        progress.report(step(step));
      }
    }

    List<String> frames = List.of(shown().stripTrailing().split("\r"));
    assertThat(shown().strip()).doesNotContain("\n");
    assertThat(frames.get(frames.size() - 1)).startsWith(" 25 % member-2 (2 of 8)");
    assertThat(frames).allSatisfy(frame -> assertThat(frame.length()).isLessThan(60));
  }

  @Test
  void terminalProgressStaysWithTheFirstOfSeveralNetworksUntilItIsDone() {
    Update first = new Update("member-1", 1, 8, 9, 10, 0.5, 20, 0.1, 2);
    Update second = new Update("member-2", 2, 8, 4, 10, 0.6, 20, 0.2, 2);
    Update firstDone = new Update("member-1", 1, 8, 10, 10, 0.5, 20, 0.3, 2);

    assertThat(lastFrame(first, second)).startsWith(" 20 % member-1 (1 of 8) and 1 more, step 9");
    assertThat(lastFrame(first, second, firstDone, second)).startsWith(" 20 % member-2");
    assertThat(lastFrame(second, first)).startsWith(" 10 % member-1");
  }

  private String lastFrame(Update... updates) {
    bytes.reset();
    try (TerminalProgress progress = new TerminalProgress(stream, 60)) {
      List.of(updates).forEach(progress::report);
    }
    List<String> frames = List.of(shown().stripTrailing().split("\r"));
    return frames.get(frames.size() - 1);
  }

  @Test
  void terminalProgressHasABarWhereThereIsRoom() {
    try (TerminalProgress progress = new TerminalProgress(stream, 140)) {
      progress.report(new Update("model", 1, 1, 50, 100, 0.5, 100, 0.5, 1));
    }

    assertThat(shown()).contains(" 50 % [===============               ] model, step 50 of 100");
  }

  @Test
  void quietDisplayShowsNothing() {
    ProgressDisplay.quiet().report(step(1));

    assertThat(shown()).isEmpty();
  }

  @Test
  void timesAreSaidInTheirTwoLargestUnits() {
    assertThat(TimeText.of(Duration.ofMillis(420))).isEqualTo("0.4 s");
    assertThat(TimeText.of(Duration.ofMillis(9_960))).isEqualTo("10 s");
    assertThat(TimeText.of(Duration.ofMillis(59_600))).isEqualTo("1 min 0 s");
    assertThat(TimeText.of(Duration.ofSeconds(192))).isEqualTo("3 min 12 s");
    assertThat(TimeText.of(Duration.ofMinutes(135))).isEqualTo("2 h 15 min");
  }
}
