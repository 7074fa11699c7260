package io.retort.benchmarks;

import io.retort.kernels.DType;
import io.retort.kernels.DistillationLoss;
import io.retort.kernels.Labels;
import io.retort.kernels.Matrix;
import io.retort.kernels.Members;
import io.retort.kernels.ThreadPool;
import io.retort.kernels.TotalsBuffer;
import java.util.OptionalDouble;
import org.bytedeco.javacpp.FloatPointer;

/** Retort's fused loss and gradient. */
public final class RetortProvider implements DistillationLossProvider {
  static final String NAME = "retort";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean supports(DType dtype) {
    return true;
  }

  @Override
  public Step prepare(DistillationProblem problem) {
    return new FusedStep(problem);
  }

  private static final class FusedStep implements Step {
    private final Matrix student;
    private final Members teachers;
    private final Labels labels;
    private final TypedMemory gradient;
    private final Matrix gradientMatrix;
    private final DistillationLoss loss;
    private final ThreadPool pool;
    private final TotalsBuffer totals = new TotalsBuffer();

    private FusedStep(DistillationProblem problem) {
      student = matrix(problem, problem.student());
      Matrix[] members = new Matrix[problem.teachers()];
      for (int k = 0; k < members.length; k++) {
        members[k] = matrix(problem, problem.teacher(k));
      }
      teachers = Members.of(members);
      labels = Labels.of(problem.labels());
      gradient = problem.gradient();
      gradientMatrix = matrix(problem, gradient);
      loss =
          DistillationLoss.builder()
              .temperature(DistillationProblem.TEMPERATURE)
              .alpha(DistillationProblem.ALPHA)
              .mean(problem.mean())
              .build();
      pool = new ThreadPool(problem.threads());
    }

    private static Matrix matrix(DistillationProblem problem, TypedMemory values) {
      return values.matrix(problem.rows(), problem.classes());
    }

    @Override
    public void run() {
      loss.compute(student, teachers, labels, null, gradientMatrix, null, pool, totals);
    }

    @Override
    public OptionalDouble loss() {
      return OptionalDouble.of(totals.total());
    }

    @Override
    public void copyGradientTo(FloatPointer target) {
      gradient.copyTo(target);
    }

    @Override
    public void close() {
      pool.close();
      loss.close();
    }
  }
}
