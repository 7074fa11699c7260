package io.retort.distill;

import io.retort.distill.Safetensors.FloatTensor;
import io.retort.nn.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A network in training as a safetensors file: what a {@link ModelFile} has, the state of the
 * optimiser, and where the training stands. Random numbers need no state: they follow from the seed
 * and the step.
 *
 * @param path where it lies
 * @param description whose training it is
 */
record StateFile(Path path, ModelDescription description) {

  private static final String OPTIMIZER = "optimizer.";
  private static final String OPTIMIZER_STEPS = "optimizer_steps";
  private static final String POSITION = "position";

  /** Writes where a training stands, whole or not at all. */
  void write(Trainer trainer) throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>(description.metadata());
    metadata.put(POSITION, Metadata.json(trainer.position()));
    metadata.put(OPTIMIZER_STEPS, Long.toString(trainer.optimizer().steps()));
    Map<String, FloatTensor> tensors = ModelFile.download(trainer.network());
    trainer
        .optimizer()
        .state()
        .forEach(
            (name, tensor) ->
                tensors.put(OPTIMIZER + name, FloatTensor.of(tensor.shape(), tensor.download())));
    new Safetensors(metadata, tensors).write(path);
  }

  boolean exists() {
    return Files.exists(path);
  }

  void delete() throws IOException {
    Files.deleteIfExists(path);
  }

  /**
   * Puts a training back to where it stood.
   *
   * @throws Safetensors.FormatException if the file is corrupt or another training's
   */
  void restore(Trainer trainer) throws IOException {
    try {
      Safetensors file = Safetensors.read(path);
      checkDescription(file.metadata());
      Map<String, FloatTensor> tensors = new LinkedHashMap<>(file.tensors());
      for (Map.Entry<String, Tensor> entry : trainer.optimizer().state().entrySet()) {
        restore(entry.getKey(), tensors.remove(OPTIMIZER + entry.getKey()), entry.getValue());
      }
      ModelFile.upload(path, tensors, trainer.network());
      trainer
          .optimizer()
          .restoreSteps(Metadata.parse(file.metadata(), OPTIMIZER_STEPS, Long.class));
      trainer.restore(Metadata.parse(file.metadata(), POSITION, Trainer.Position.class));
    } catch (IllegalArgumentException | Safetensors.FormatException e) {
      throw new Safetensors.FormatException(
          "%s cannot be gone on from: %s. Delete it to train %s from its start"
              .formatted(path, e.getMessage(), description.name()));
    }
  }

  private void checkDescription(Map<String, String> metadata) throws Safetensors.FormatException {
    for (Map.Entry<String, String> entry : description.metadata().entrySet()) {
      String found = metadata.get(entry.getKey());
      if (!entry.getValue().equals(found) && !isSameTraining(entry.getKey(), metadata)) {
        throw new Safetensors.FormatException(
            "its %s is %s, not %s".formatted(entry.getKey(), found, entry.getValue()));
      }
    }
  }

  /** A build that knew fewer settings wrote fewer of them. */
  private boolean isSameTraining(String name, Map<String, String> metadata) {
    return name.equals(ModelDescription.TRAINING)
        && Metadata.parse(metadata, name, TrainingConfig.class).equals(description.training());
  }

  private static void restore(String name, FloatTensor saved, Tensor tensor)
      throws Safetensors.FormatException {
    if (saved == null || saved.values().length != tensor.size()) {
      throw new Safetensors.FormatException(
          "the optimiser's %s must have %d values, got %s"
              .formatted(name, tensor.size(), saved == null ? "none" : saved.values().length));
    }
    tensor.upload(saved.values());
  }
}
