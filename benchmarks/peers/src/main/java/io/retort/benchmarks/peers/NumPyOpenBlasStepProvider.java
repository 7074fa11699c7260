package io.retort.benchmarks.peers;

import io.retort.benchmarks.MultiViewProblem;
import io.retort.benchmarks.MultiViewStepProvider;
import io.retort.benchmarks.TrainingStepProvider.Step;

/** NumPy on OpenBLAS, all networks in one product. */
public final class NumPyOpenBlasStepProvider implements MultiViewStepProvider {
  @Override
  public String name() {
    return "numpy-openblas";
  }

  @Override
  public Step prepare(MultiViewProblem problem) {
    return NumPyStep.onOpenBlas(problem, true);
  }
}
