package io.retort.benchmarks;

import io.retort.kernels.DType;
import java.util.OptionalDouble;
import org.bytedeco.javacpp.FloatPointer;

/** An implementation of the distillation loss, found by {@link java.util.ServiceLoader}. */
public interface DistillationLossProvider extends Provider {
  /** Whether the implementation solves problems of that type. */
  boolean supports(DType dtype);

  /** Brings the problem into the form that the implementation likes; none of this is timed. */
  Step prepare(DistillationProblem problem);

  /** One computation of loss and gradient, as a training loop would call it again and again. */
  interface Step extends AutoCloseable {
    /** What is timed. */
    void run();

    /**
     * The mean loss of the last run; empty where the implementation computes the gradient alone.
     */
    OptionalDouble loss();

    /** Writes the gradient [rows, classes] of the last run, whatever its type, as floats. */
    void copyGradientTo(FloatPointer target);

    @Override
    void close();
  }
}
