package io.retort.cli.progress;

import io.retort.distill.Progress.Update;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** How far a run is, in words. */
final class ProgressText {
  private ProgressText() {}

  /**
   * For example {@code member-2 (2 of 8) and 1 more, step 120 of 469, loss 0.412, 23,000 images/s
   * in all, 3 min 12 s left}; what is not known is left out.
   */
  static String of(Update update, Optional<Duration> left) {
    List<String> words = new ArrayList<>();
    words.add(stage(update));
    words.add(String.format(Locale.ROOT, "step %,d of %,d", update.step(), update.steps()));
    if (Double.isFinite(update.loss())) {
      words.add(String.format(Locale.ROOT, "loss %.3f", update.loss()));
    }
    if (update.imagesPerSecond() > 0) {
      String of = update.inTraining() > 1 ? " in all" : "";
      words.add(String.format(Locale.ROOT, "%,.0f images/s%s", update.imagesPerSecond(), of));
    }
    left.ifPresent(time -> words.add(TimeText.of(time) + " left"));
    return String.join(", ", words);
  }

  private static String stage(Update update) {
    String stage = update.stage();
    if (update.stageCount() > 1) {
      stage += " (" + update.stageNumber() + " of " + update.stageCount() + ")";
    }
    return update.inTraining() > 1 ? stage + " and " + (update.inTraining() - 1) + " more" : stage;
  }
}
