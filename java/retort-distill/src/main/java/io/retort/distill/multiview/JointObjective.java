package io.retort.distill.multiview;

import io.retort.kernels.Mean;
import io.retort.kernels.Output;
import io.retort.nn.Device;
import io.retort.nn.Tensor;
import java.util.List;

/**
 * An objective of the mean of several networks' outputs: they train as one. Each network gets the
 * gradient on the mean itself, so that it learns as fast as it would alone.
 */
final class JointObjective implements Objective {

  private final Device device;
  private final Objective ofMean;
  private final Tensor mean;

  JointObjective(Device device, Objective ofMean, int samples, int classes) {
    this.device = device;
    this.ofMean = ofMean;
    this.mean = device.tensor(samples, classes);
  }

  @Override
  public double differentiate(List<Tensor> outputs, List<Tensor> gradients) {
    device.ensembleMean(outputs, null, Mean.LOGITS, 1, Output.LOGITS, mean);
    double loss = ofMean.differentiate(List.of(mean), List.of(gradients.get(0)));
    gradients.subList(1, gradients.size()).forEach(g -> g.copyFrom(gradients.get(0)));
    return loss;
  }

  @Override
  public void close() {
    mean.close();
    ofMean.close();
  }
}
