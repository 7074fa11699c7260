package io.retort.distill;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Map;
import java.util.Set;

/** Compares the configuration that a run was begun with to the one that is asked for. */
final class ConfigConflict {

  /** These never change the result. */
  private static final Set<String> FREE = Set.of("threads", "parallel_models");

  private ConfigConflict() {}

  /**
   * Refuses to go on with another configuration.
   *
   * @throws RunConflictException naming the first value that differs
   */
  static void check(RunDirectory run, Record asked) throws IOException {
    Record begun;
    try {
      begun = run.readConfig(asked.getClass());
    } catch (JsonProcessingException e) {
      throw new RunConflictException(
          "%s holds another kind of run: its config.yaml is no %s (%s). Choose another directory"
              .formatted(run.path(), asked.getClass().getSimpleName(), e.getOriginalMessage()));
    }
    check(run, "", tree(begun), tree(asked));
  }

  private static JsonNode tree(Record config) {
    return Formats.YAML.valueToTree(config);
  }

  private static void check(RunDirectory run, String name, JsonNode begun, JsonNode asked) {
    if (!asked.isObject()) {
      if (!asked.equals(begun)) {
        throw new RunConflictException(
            "%s was begun with %s %s, not %s. Choose another directory, or ask for the same"
                .formatted(run.path(), name, begun, asked));
      }
      return;
    }
    for (Map.Entry<String, JsonNode> entry : asked.properties()) {
      if (!FREE.contains(entry.getKey())) {
        String inner = name.isEmpty() ? entry.getKey() : name + "." + entry.getKey();
        check(run, inner, begun.get(entry.getKey()), entry.getValue());
      }
    }
  }
}
