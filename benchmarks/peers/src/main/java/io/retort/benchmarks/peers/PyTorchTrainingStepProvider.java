package io.retort.benchmarks.peers;

import io.retort.benchmarks.TrainingProblem;
import io.retort.benchmarks.TrainingStepProvider;

/** A training step in eager PyTorch with its default memory layout, channels first. */
public final class PyTorchTrainingStepProvider implements TrainingStepProvider {
  @Override
  public String name() {
    return "pytorch";
  }

  @Override
  public Step prepare(TrainingProblem problem) {
    return new PyTorchTrainingStep(problem, false);
  }
}
