package io.retort.benchmarks.peers;

import io.retort.benchmarks.MultiViewProblem;
import io.retort.benchmarks.MultiViewStepProvider;
import io.retort.benchmarks.TrainingStepProvider.Step;

/** NumPy on the BLAS that Debian installs with it. */
public final class NumPyReferenceBlasStepProvider implements MultiViewStepProvider {
  @Override
  public String name() {
    return "numpy-reference-blas";
  }

  @Override
  public Step prepare(MultiViewProblem problem) {
    return NumPyStep.onReferenceBlas(problem);
  }
}
