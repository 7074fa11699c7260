package io.retort.distill;

import io.retort.data.Batches;
import io.retort.data.ImageDataset;
import io.retort.nn.Device;
import io.retort.nn.Network;
import java.io.IOException;

/**
 * What a finished model says of test images.
 *
 * @param name its name in the run
 * @param training how it was trained
 * @param parameters how many numbers it learnt
 * @param classes how many it tells apart
 * @param logits row-major [images, classes]; not copied
 */
public record TestLogits(
    String name, TrainingConfig training, long parameters, int classes, float[] logits) {

  static TestLogits of(ModelFile file, ImageDataset test, Device device, Interruption interruption)
      throws IOException {
    ModelDescription model = file.description();
    Batches batches = Batches.inOrder(test, model.normalization(), model.training().batchSize());
    try (Network network = file.open(device)) {
      return new TestLogits(
          model.name(),
          model.training(),
          network.parameterCount(),
          model.classes(),
          Inference.logits(network, batches, test.size(), interruption));
    }
  }

  /** How good it is, given the labels of the test images. */
  public Metrics metrics(int[] labels) {
    return Metrics.of(logits, labels, classes);
  }

  /**
   * The model's line in a table.
   *
   * @param shown its name there
   * @param ensemble logits of the ensemble that it is compared to
   */
  public ModelResult result(String shown, int[] labels, float[] ensemble) {
    return new ModelResult(
        shown,
        training.architecture(),
        training.seed(),
        parameters,
        Metrics.agreement(logits, ensemble, classes),
        metrics(labels));
  }
}
