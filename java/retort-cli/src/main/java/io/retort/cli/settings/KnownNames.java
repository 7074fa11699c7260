package io.retort.cli.settings;

import io.retort.data.Augmentation;
import io.retort.data.Datasets;
import io.retort.nn.Architecture;
import java.util.List;

/** Checks names that a configuration takes as any text, before a run begins with them. */
final class KnownNames {
  private KnownNames() {}

  /**
   * Checks a value.
   *
   * @param configuration what it is for
   * @throws IllegalArgumentException if it must be one of some names, and is not
   */
  static void check(Record configuration, GivenValue value) {
    for (Setting setting : Setting.values()) {
      if (setting.keyIn(configuration).filter(value.key()::equals).isPresent()) {
        check(setting, value);
      }
    }
  }

  private static void check(Setting setting, GivenValue value) {
    switch (setting) {
      case DATA -> ValueText.oneOf(value, Datasets.names());
      case AUGMENTATION -> ValueText.oneOf(value, Augmentation.names());
      case DEVICE -> ValueText.oneOf(value, List.of("cpu", "cuda", "auto"));
      case PRECISION -> ValueText.oneOf(value, List.of("f32", "tf32", "bf16"));
      case ARCHITECTURE, STUDENT_ARCHITECTURE -> {
        try {
          Architecture.parse(value.text());
        } catch (IllegalArgumentException e) {
          throw value.refused("architecture", e);
        }
      }
      default -> {}
    }
  }
}
