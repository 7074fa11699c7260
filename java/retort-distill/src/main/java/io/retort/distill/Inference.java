package io.retort.distill;

import io.retort.data.Batch;
import io.retort.data.Batches;
import io.retort.data.Prefetch;
import io.retort.nn.Mode;
import io.retort.nn.Network;
import io.retort.nn.Tensor;

/** What a network says of every image of a data set. */
final class Inference {

  private Inference() {}

  /**
   * Computes logits.
   *
   * @param batches the images, in their order
   * @param images how many there are
   * @return row-major [images, classes]
   * @throws InterruptedRunException where that is requested before the last batch
   */
  static float[] logits(Network network, Batches batches, int images, Interruption interruption) {
    int classes = network.classes();
    float[] logits = new float[Math.multiplyExact(images, classes)];
    int mostRows = Math.min(batches.batchSize(), images);
    float[] part = new float[mostRows * classes];
    try (DeviceBatch input = new DeviceBatch(network.device(), mostRows, network.input());
        Prefetch prefetch = batches.prefetch(0, 0, 1)) {
      for (int row = 0; prefetch.hasNext(); ) {
        if (interruption.requested()) {
          throw new InterruptedRunException("stopped after " + row + " of " + images + " images");
        }
        Batch batch = prefetch.next();
        input.upload(batch);
        Tensor output = network.forward(input.images(), Mode.INFERENCE);
        int count = batch.rows() * classes;
        if (part.length != count) {
          part = new float[count];
        }
        output.download(part);
        System.arraycopy(part, 0, logits, row * classes, count);
        row += batch.rows();
      }
    }
    return logits;
  }
}
