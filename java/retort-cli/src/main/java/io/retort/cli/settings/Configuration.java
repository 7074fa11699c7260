package io.retort.cli.settings;

import io.retort.distill.DistillConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Puts what the user wrote over a configuration. */
final class Configuration {
  private Configuration() {}

  /**
   * The configuration with other values; where two are for the same key, the last counts.
   *
   * @throws IllegalArgumentException if a value is wrong, naming it and the place it came from
   */
  static <T extends Record> T with(T base, List<GivenValue> values) {
    Map<String, Object> leaves = new HashMap<>();
    for (GivenValue value : values) {
      leaves.put(value.key(), ValueText.parse(value, RecordTree.type(base, value.key())));
      KnownNames.check(base, value);
    }
    letStudentFollowMembers(base, leaves);
    leaveDirectoryWithItsDataSet(base, leaves);
    try {
      return RecordTree.with(base, leaves);
    } catch (IllegalArgumentException refusal) {
      throw nameCulprit(base, values, refusal);
    }
  }

  /**
   * A student of the members' architecture stays so when theirs changes, and one that trains longer
   * or shorter than they do stays so when their epochs change, unless its own are given.
   */
  private static void letStudentFollowMembers(Record base, Map<String, Object> leaves) {
    if (!(base instanceof DistillConfig config)) {
      return;
    }
    if (config.studentArchitecture().equals(config.training().architecture())) {
      leaves.putIfAbsent("student_architecture", null);
    }
    if (leaves.get("training.epochs") instanceof Integer epochs) {
      double ratio = (double) config.studentEpochs() / config.training().epochs();
      leaves.putIfAbsent("student_epochs", (int) Math.round(ratio * epochs));
    }
  }

  /** A directory holds one data set: another has its usual place, unless its own is given. */
  private static void leaveDirectoryWithItsDataSet(Record base, Map<String, Object> leaves) {
    String dataset = Setting.DATA.keyIn(base).orElse(null);
    Object given = leaves.get(dataset);
    if (given != null && !given.equals(RecordTree.get(base, dataset))) {
      leaves.putIfAbsent(Setting.DATA_DIR.keyIn(base).orElseThrow(), "");
    }
  }

  /** The records check their values without knowing who wrote them; the one refused alone did. */
  private static IllegalArgumentException nameCulprit(
      Record base, List<GivenValue> values, IllegalArgumentException refusal) {
    for (GivenValue value : values) {
      try {
        Map<String, Object> leaf = new HashMap<>();
        leaf.put(value.key(), ValueText.parse(value, RecordTree.type(base, value.key())));
        RecordTree.with(base, leaf);
      } catch (IllegalArgumentException e) {
        return value.refused(RecordTree.nameOf(base, value.key()), e);
      }
    }
    return refusal;
  }
}
