package io.retort.benchmarks.peers;

import io.retort.benchmarks.MultiViewProblem;
import io.retort.benchmarks.MultiViewStepProvider;
import io.retort.benchmarks.TrainingStepProvider.Step;

/** NumPy on OpenBLAS, one network after another. */
public final class NumPyOneByOneStepProvider implements MultiViewStepProvider {
  @Override
  public String name() {
    return "numpy-openblas-one-by-one";
  }

  @Override
  public Step prepare(MultiViewProblem problem) {
    return NumPyStep.onOpenBlas(problem, false);
  }
}
