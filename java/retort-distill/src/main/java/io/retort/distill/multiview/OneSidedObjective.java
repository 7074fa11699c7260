package io.retort.distill.multiview;

import io.retort.nn.Device;
import io.retort.nn.IntTensor;
import io.retort.nn.Tensor;
import java.util.List;

/** Cross-entropy with the labels and the one-sided pull of {@link OneSidedConfig}. */
final class OneSidedObjective implements Objective {

  private final OneSidedConfig config;
  private final KernelObjective labels;
  private final int classes;
  private final float[] target;

  /**
   * An objective.
   *
   * @param teacher [samples, classes], the mean of the teacher's outputs
   */
  OneSidedObjective(
      OneSidedConfig config, Device device, IntTensor labels, float[] teacher, int classes) {
    this.config = config;
    this.labels = KernelObjective.labels(device, labels);
    this.classes = classes;
    this.target = teacher.clone();
    for (int i = 0; i < target.length; i++) {
      target[i] *= (float) config.teacherScale();
    }
    for (int row = 0; row < target.length; row += classes) {
      toTarget(target, row);
    }
  }

  @Override
  public double differentiate(List<Tensor> outputs, List<Tensor> gradients) {
    final double loss = labels.differentiate(outputs, gradients);
    float[] own = outputs.get(0).download();
    float[] gradient = gradients.get(0).download();
    double scale = config.pull() * classes / own.length;
    for (int row = 0; row < own.length; row += classes) {
      toTarget(own, row);
      for (int i = row; i < row + classes; i++) {
        gradient[i] += (float) (scale * Math.min(own[i] - target[i], 0));
      }
    }
    gradients.get(0).upload(gradient);
    return loss;
  }

  /** Outputs of one sample, in place. */
  private void toTarget(float[] outputs, int row) {
    double sum = 0;
    double tau = config.threshold();
    for (int i = row; i < row + classes; i++) {
      // At most e^(1 / tau) and at least e^0: outputs are not negative.
      outputs[i] = (float) Math.exp((Math.min(tau * tau * outputs[i], 1) - 1) / tau);
      sum += outputs[i];
    }
    for (int i = row; i < row + classes; i++) {
      outputs[i] /= (float) sum;
    }
  }

  @Override
  public void close() {
    labels.close();
  }
}
