package io.retort.cli.progress;

import java.time.Duration;

/** Times as people say them. */
public final class TimeText {
  private TimeText() {}

  /** In its two largest units, for example {@code 3 min 12 s}; {@code 0.4 s} below ten seconds. */
  public static String of(Duration time) {
    if (time.toMillis() < 9_950) {
      return Math.round(time.toMillis() / 100.0) / 10.0 + " s";
    }
    long seconds = Math.round(time.toMillis() / 1000.0);
    if (seconds < 60) {
      return seconds + " s";
    } else if (seconds < 3600) {
      return seconds / 60 + " min " + seconds % 60 + " s";
    }
    return seconds / 3600 + " h " + seconds % 3600 / 60 + " min";
  }
}
