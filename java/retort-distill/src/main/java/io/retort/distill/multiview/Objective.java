package io.retort.distill.multiview;

import io.retort.nn.Tensor;
import java.util.List;

/** What networks minimise, over all samples at once. */
interface Objective extends AutoCloseable {

  /**
   * Writes the gradient on the outputs.
   *
   * @param outputs [samples, classes] of each network that it binds together; one, for most
   * @param gradients as the outputs
   * @return the loss
   */
  double differentiate(List<Tensor> outputs, List<Tensor> gradients);

  @Override
  void close();
}
