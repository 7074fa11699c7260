package io.retort.benchmarks.peers;

import io.retort.benchmarks.TrainingProblem;
import io.retort.benchmarks.TrainingStepProvider;

/**
 * A training step in eager PyTorch with images and weights channels last, which suits CPUs better.
 */
public final class PyTorchChannelsLastTrainingStepProvider implements TrainingStepProvider {
  @Override
  public String name() {
    return "pytorch-channels-last";
  }

  @Override
  public Step prepare(TrainingProblem problem) {
    return new PyTorchTrainingStep(problem, true);
  }
}
