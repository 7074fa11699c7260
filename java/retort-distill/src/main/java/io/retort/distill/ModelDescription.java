package io.retort.distill;

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

  /** The entry that says how it was trained. */
  static final String TRAINING = "training";

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
    metadata.put("input", Metadata.json(input));
    metadata.put("classes", Integer.toString(classes()));
    metadata.put("class_names", Metadata.json(classNames));
    metadata.put("normalization", Metadata.json(normalization));
    metadata.put("seed", Long.toString(training.seed()));
    metadata.put(TRAINING, Metadata.json(training));
    metadata.put("targets", Metadata.json(targets));
    return metadata;
  }

  /**
   * Reads metadata.
   *
   * @throws IllegalArgumentException naming the entry that is missing or wrong
   */
  static ModelDescription of(Map<String, String> metadata) {
    return new ModelDescription(
        Metadata.text(metadata, "name"),
        Metadata.text(metadata, "architecture"),
        Metadata.parse(metadata, "input", ImageShape.class),
        List.of(Metadata.parse(metadata, "class_names", String[].class)),
        Metadata.parse(metadata, "normalization", Normalization.class),
        Metadata.parse(metadata, TRAINING, TrainingConfig.class),
        Metadata.parse(metadata, "targets", Targets.class));
  }
}
