package io.retort.distill;

import io.retort.nn.Architecture;
import io.retort.nn.DeviceKind;
import io.retort.nn.Precision;

/**
 * One network of a run: a stage of it.
 *
 * @param name name of its checkpoint
 * @param config how it is trained
 * @param targets what it learns from; its teachers must be finished before it begins
 */
public record ModelPlan(String name, TrainingConfig config, Targets targets) {

  /**
   * Checks the names in the configuration, before anything is read or written.
   *
   * @throws IllegalArgumentException for an unknown architecture, device or precision, or one that
   *     the device does not have
   */
  public ModelPlan {
    Architecture.parse(config.architecture());
    Precision.parse(config.precision()).requireOn(DeviceKind.parse(config.device()));
  }
}
