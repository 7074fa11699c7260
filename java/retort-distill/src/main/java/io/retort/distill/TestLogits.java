package io.retort.distill;

import io.retort.data.Batches;
import io.retort.data.ImageDataset;
import io.retort.nn.Device;
import io.retort.nn.Network;
import java.io.IOException;

/**
 * What a finished model says of test images.
 *
 * @param model what it says of itself
 * @param parameters how many numbers it learnt
 * @param logits row-major [images, classes]
 */
record TestLogits(ModelDescription model, long parameters, float[] logits) {

  static TestLogits of(ModelFile file, ImageDataset test, Device device, Interruption interruption)
      throws IOException {
    ModelDescription model = file.description();
    Batches batches = Batches.inOrder(test, model.normalization(), model.training().batchSize());
    try (Network network = file.open(device)) {
      return new TestLogits(
          model,
          network.parameterCount(),
          Inference.logits(network, batches, test.size(), interruption));
    }
  }

  Metrics metrics(int[] labels) {
    return Metrics.of(logits, labels, model.classes());
  }

  /**
   * The model's line in a table.
   *
   * @param ensemble logits of the ensemble that it is compared to
   */
  ModelResult result(String name, int[] labels, float[] ensemble) {
    return new ModelResult(
        name,
        model.architecture(),
        model.training().seed(),
        parameters,
        Metrics.agreement(logits, ensemble, model.classes()),
        metrics(labels));
  }
}
