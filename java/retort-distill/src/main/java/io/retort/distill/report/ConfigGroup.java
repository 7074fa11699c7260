package io.retort.distill.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * The values of config.yaml that stand under one name.
 *
 * @param name names that lead to them, joined by dots; empty at the top
 */
record ConfigGroup(String name, List<Entry> entries) {

  /** One value, as config.yaml has it. */
  record Entry(String name, String value) {}

  /** All groups that have values, each before those within it. */
  static List<ConfigGroup> of(JsonNode config) {
    List<ConfigGroup> groups = new ArrayList<>();
    collect("", config, groups);
    return groups;
  }

  private static void collect(String name, JsonNode node, List<ConfigGroup> groups) {
    List<Entry> entries = new ArrayList<>();
    node.properties().stream()
        .filter(property -> !property.getValue().isObject())
        .forEach(property -> entries.add(new Entry(property.getKey(), text(property.getValue()))));
    if (!entries.isEmpty()) {
      groups.add(new ConfigGroup(name, entries));
    }
    node.properties().stream()
        .filter(property -> property.getValue().isObject())
        .forEach(
            property -> {
              String inner = (name.isEmpty() ? "" : name + ".") + property.getKey();
              collect(inner, property.getValue(), groups);
            });
  }

  private static String text(JsonNode value) {
    return value.isValueNode() ? value.asText() : value.toString();
  }
}
