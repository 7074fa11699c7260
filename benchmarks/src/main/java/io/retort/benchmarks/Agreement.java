package io.retort.benchmarks;

import io.retort.benchmarks.DistillationLossProvider.Step;
import java.util.OptionalDouble;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Whether a provider's loss and gradient are Retort's, but for rounding. Nothing is timed before it
 * is.
 *
 * <p>Whatever the type of the matrices, either side computes in single precision from the same
 * logits. The tolerance follows from its unit roundoff u = 2^-24. A softmax's exponent z/T - max -
 * log(sum) is rounded three times at magnitudes within twice the logits' spread, the mean of K
 * logits K times at half the spread, an exponential and the final product a few times, and a sum
 * over the classes in eight lanes or more at most classes/8 times. So a probability has the
 * relative error
 *
 * <pre>r = u * (4 * spread + K * spread / 2 + classes / 8 + 8)</pre>
 *
 * on either side. As probabilities sum to 1, the gradients of a row differ in the sum of their
 * absolute values by at most 2r * (2 * alpha * T + (1 - alpha)) / rows, and the losses by at most
 * 2r * (alpha * T² * (2 + max |log p/q|) + (1 - alpha)), where |log p/q| is at most twice the
 * spread over T.
 *
 * <p>A gradient of a narrower type is then rounded once on either side, each element by at most v
 * of itself or, where it is subnormal, by half the least step s: v = 2^-11 and s = 2^-24 for f16, v
 * = 2^-8 and s = 2^-133 for bf16. The absolute values of a row's gradient sum to at most G = 2 *
 * (alpha * T + (1 - alpha)) / rows, so the difference grows by at most 2vG + classes * s.
 */
public final class Agreement {
  private static final double UNIT_ROUNDOFF = 0x1p-24;
  private static final double T = DistillationProblem.TEMPERATURE;
  private static final double ALPHA = DistillationProblem.ALPHA;

  private final DistillationProblem problem;
  private final double probabilityError;
  private final double expectedLoss;

  /** Computes what is expected, into the problem's gradient. */
  public Agreement(DistillationProblem problem) {
    this.problem = problem;
    probabilityError =
        UNIT_ROUNDOFF
            * (NormalLogits.SPREAD * (4 + problem.teachers() / 2.0) + problem.classes() / 8.0 + 8);
    try (Step retort = new RetortProvider().prepare(problem)) {
      retort.run();
      expectedLoss = retort.loss().orElseThrow();
    }
  }

  /** Of the sum of absolute differences in a row. */
  double gradientTolerance() {
    double computed = 2 * probabilityError * (2 * ALPHA * T + (1 - ALPHA)) / problem.rows();
    double magnitude = 2 * (ALPHA * T + (1 - ALPHA)) / problem.rows();
    return switch (problem.dtype()) {
      case F32 -> computed;
      case F16 -> computed + 2 * 0x1p-11 * magnitude + problem.classes() * 0x1p-24;
      case BF16 -> computed + 2 * 0x1p-8 * magnitude + problem.classes() * 0x1p-133;
    };
  }

  double lossTolerance() {
    double logRatio = 2 * NormalLogits.SPREAD / T;
    return 2 * probabilityError * (ALPHA * T * T * (2 + logRatio) + (1 - ALPHA));
  }

  /**
   * Runs the step once and compares.
   *
   * @throws IllegalStateException saying where the step differs from Retort
   */
  public void check(String provider, Step step) {
    step.run();
    OptionalDouble loss = step.loss();
    if (loss.isPresent() && !(Math.abs(loss.getAsDouble() - expectedLoss) <= lossTolerance())) {
      throw new IllegalStateException(
          provider
              + "'s loss is "
              + loss.getAsDouble()
              + ", Retort's "
              + expectedLoss
              + "; they may differ by "
              + lossTolerance());
    }
    try (FloatPointer actual = new FloatPointer(problem.elements())) {
      step.copyGradientTo(actual);
      checkRows(provider, TypedMemory.of(actual), problem.gradient());
    }
  }

  private void checkRows(String provider, TypedMemory actual, TypedMemory expected) {
    float[] actualRow = new float[problem.classes()];
    float[] expectedRow = new float[problem.classes()];
    for (long row = 0; row < problem.rows(); row++) {
      actual.get(row * problem.classes(), actualRow);
      expected.get(row * problem.classes(), expectedRow);
      double difference = 0;
      for (int j = 0; j < actualRow.length; j++) {
        difference += Math.abs((double) actualRow[j] - expectedRow[j]);
      }
      if (!(difference <= gradientTolerance())) {
        throw new IllegalStateException(
            provider
                + "'s gradient differs from Retort's by "
                + difference
                + " in row "
                + row
                + "; it may by "
                + gradientTolerance());
      }
    }
  }
}
