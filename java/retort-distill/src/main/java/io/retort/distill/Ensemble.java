package io.retort.distill;

import io.retort.kernels.Output;
import io.retort.nn.Device;
import io.retort.nn.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Several models as one: the mean of what they say of the same images. */
final class Ensemble {

  private Ensemble() {}

  /**
   * The mean of the members.
   *
   * @param members logits, each row-major [images, classes]
   * @param output what the mean is written as
   * @return row-major [images, classes]
   */
  static float[] mean(
      Device device,
      List<float[]> members,
      int classes,
      MeanKind mean,
      double temperature,
      Output output) {
    long images = members.get(0).length / classes;
    List<Tensor> tensors = new ArrayList<>();
    try {
      for (float[] member : members) {
        Tensor tensor = device.tensor(images, classes);
        tensors.add(tensor);
        tensor.upload(member);
      }
      Tensor result = device.tensor(images, classes);
      tensors.add(result);
      device.ensembleMean(
          tensors.subList(0, members.size()),
          null,
          mean.kernel(),
          (float) temperature,
          output,
          result);
      return result.download();
    } finally {
      tensors.forEach(Tensor::close);
    }
  }
}
