package io.retort.distill;

import io.retort.nn.Device;
import io.retort.nn.Network;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What finished models say of every training image, computed when it is first asked for. */
final class TeacherLogits {

  private final RunDirectory run;
  private final RunData data;
  private final Map<String, float[]> known = new HashMap<>();

  TeacherLogits(RunDirectory run, RunData data) {
    this.run = run;
    this.data = data;
  }

  /**
   * The logits of some models, each row-major [training images, classes]; not to be written.
   *
   * @param device where those not known yet are computed; never changes them
   */
  synchronized List<float[]> of(
      List<String> models, Device device, int batchSize, Interruption interruption)
      throws IOException {
    List<float[]> logits = new ArrayList<>();
    for (String model : models) {
      if (!known.containsKey(model)) {
        known.put(model, compute(model, device, batchSize, interruption));
      }
      logits.add(known.get(model));
    }
    return logits;
  }

  private float[] compute(String model, Device device, int batchSize, Interruption interruption)
      throws IOException {
    try (Network network = ModelFile.read(run.checkpoint(model)).open(device)) {
      return Inference.logits(
          network, data.trainInOrder(batchSize), data.train().size(), interruption);
    }
  }
}
