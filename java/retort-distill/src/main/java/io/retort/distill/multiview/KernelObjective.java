package io.retort.distill.multiview;

import io.retort.kernels.DistillationLoss;
import io.retort.kernels.Divergence;
import io.retort.nn.Device;
import io.retort.nn.IntTensor;
import io.retort.nn.Tensor;
import java.util.List;

/** The distillation loss's kernel, for one network. */
final class KernelObjective implements Objective {

  private final Device device;
  private final DistillationLoss loss;
  private final Tensor teacher;
  private final IntTensor labels;

  private KernelObjective(Device device, DistillationLoss loss, Tensor teacher, IntTensor labels) {
    this.device = device;
    this.loss = loss;
    this.teacher = teacher;
    this.labels = labels;
  }

  /** Cross-entropy with the labels. */
  static KernelObjective labels(Device device, IntTensor labels) {
    return new KernelObjective(device, DistillationLoss.builder().alpha(0).build(), null, labels);
  }

  /** Soft targets at a temperature, scaled by its square, and no labels. */
  static KernelObjective softTargets(Device device, Tensor teacher, double temperature) {
    return new KernelObjective(
        device,
        DistillationLoss.builder().alpha(1).temperature((float) temperature).build(),
        teacher,
        null);
  }

  /** The squared difference of the outputs, its mean over the classes. */
  static KernelObjective squaredError(Device device, Tensor teacher) {
    return new KernelObjective(
        device,
        DistillationLoss.builder().alpha(1).divergence(Divergence.SQUARED_ERROR).build(),
        teacher,
        null);
  }

  @Override
  public double differentiate(List<Tensor> outputs, List<Tensor> gradients) {
    List<Tensor> teachers = teacher == null ? null : List.of(teacher);
    return device
        .distillationLoss(loss, outputs.get(0), teachers, labels, null, gradients.get(0), null)
        .total();
  }

  @Override
  public void close() {
    loss.close();
  }
}
