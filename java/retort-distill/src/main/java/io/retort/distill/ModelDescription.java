package io.retort.distill;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.retort.data.Normalization;
import io.retort.nn.ImageShape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a model file says of its network in the metadata, each value as JSON or plain text: all that
 * is needed to use it, and how it came to be.
 *
 * @param name its name in the run
 * @param architecture its network, for example {@code cnnbn-16-32-128}
 * @param input the images it takes
 * @param classNames the names of its classes, in the order of its logits
 * @param normalization what maps pixels to its input
 * @param training how it was trained; threads are left out, for they decide nothing
 * @param targets what it learnt from
 */
record ModelDescription(
    String name,
    String architecture,
    ImageShape input,
    List<String> classNames,
    Normalization normalization,
    TrainingConfig training,
    Targets targets) {

  static ModelDescription of(ModelPlan plan, RunData data) {
    return new ModelDescription(
        plan.name(),
        plan.config().architecture(),
        data.shape(),
        data.train().classNames(),
        data.normalization(),
        plan.config().withThreads(0),
        plan.targets());
  }

  int classes() {
    return classNames.size();
  }

  Map<String, String> metadata() {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("producer", "retort");
    metadata.put("name", name);
    metadata.put("architecture", architecture);
    metadata.put("input", json(input));
    metadata.put("classes", Integer.toString(classes()));
    metadata.put("class_names", json(classNames));
    metadata.put("normalization", json(normalization));
    metadata.put("seed", Long.toString(training.seed()));
    metadata.put("training", json(training));
    metadata.put("targets", json(targets));
    return metadata;
  }

  /**
   * Reads metadata.
   *
   * @throws IllegalArgumentException naming the entry that is missing or wrong
   */
  static ModelDescription of(Map<String, String> metadata) {
    return new ModelDescription(
        entry(metadata, "name"),
        entry(metadata, "architecture"),
        parse(metadata, "input", ImageShape.class),
        List.of(parse(metadata, "class_names", String[].class)),
        parse(metadata, "normalization", Normalization.class),
        parse(metadata, "training", TrainingConfig.class),
        parse(metadata, "targets", Targets.class));
  }

  private static String json(Object value) {
    try {
      return Formats.JSON_LINE.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a description is made of numbers and text alone", e);
    }
  }

  private static <T> T parse(Map<String, String> metadata, String name, Class<T> type) {
    String text = entry(metadata, name);
    try {
      T value = Formats.JSON_LINE.readValue(text, type);
      if (value == null) {
        throw new IllegalArgumentException("its metadata " + name + " is null");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "its metadata " + name + " cannot be understood: " + e.getOriginalMessage(), e);
    }
  }

  private static String entry(Map<String, String> metadata, String name) {
    String value = metadata.get(name);
    if (value == null) {
      throw new IllegalArgumentException("its metadata has no " + name);
    }
    return value;
  }
}
