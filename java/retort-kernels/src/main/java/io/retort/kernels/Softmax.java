package io.retort.kernels;

import io.retort.kernels.binding.Retort;

/**
 * Softmax and log-softmax of logits at a temperature, row by row, and their gradients.
 *
 * <p>The matrices of a call share a shape and a {@link DType type}; only those over arrays make it
 * allocate. Every method fails with an {@link IllegalArgumentException} that names the argument,
 * before anything is written, for a matrix that is null, freed, of another shape or type, or to be
 * written and read-only, and for a temperature out of its range; and with an {@link
 * IllegalStateException} if the pool is closed.
 */
public final class Softmax {
  private Softmax() {}

  /**
   * {@code output = softmax(logits / temperature)}.
   *
   * @param logits [rows, classes]
   * @param temperature in [1e-18, 1e18]
   * @param output [rows, classes]; may be {@code logits}
   * @param pool where it runs; null for the calling thread
   */
  public static void forward(Matrix logits, float temperature, Matrix output, ThreadPool pool) {
    forward(logits, temperature, output, pool, false);
  }

  /** {@code output = log softmax(logits / temperature)}; arguments as {@link #forward}. */
  public static void logForward(Matrix logits, float temperature, Matrix output, ThreadPool pool) {
    forward(logits, temperature, output, pool, true);
  }

  /**
   * {@code logitsGradient = p * (g - <p, g>) / temperature}.
   *
   * @param output p, the output of {@link #forward}, [rows, classes]
   * @param outputGradient g, [rows, classes]
   * @param temperature that of the forward call
   * @param logitsGradient [rows, classes]; may be {@code output} or {@code outputGradient}
   * @param pool where it runs; null for the calling thread
   */
  public static void backward(
      Matrix output,
      Matrix outputGradient,
      float temperature,
      Matrix logitsGradient,
      ThreadPool pool) {
    backward(output, outputGradient, temperature, logitsGradient, pool, false);
  }

  /**
   * {@code logitsGradient = (g - p * sum(g)) / temperature} with p = exp of {@code output}, the
   * output of {@link #logForward}; arguments as {@link #backward}.
   */
  public static void logBackward(
      Matrix output,
      Matrix outputGradient,
      float temperature,
      Matrix logitsGradient,
      ThreadPool pool) {
    backward(output, outputGradient, temperature, logitsGradient, pool, true);
  }

  private static void forward(
      Matrix logits, float temperature, Matrix output, ThreadPool pool, boolean logarithm) {
    Arguments.notNull("logits", logits);
    Arguments.notNull("output", output).checkLike("output", logits, "logits");
    int status;
    try (Loan in = Matrix.read("logits", logits);
        Loan out = Matrix.write("output", output);
        Loan executor = ThreadPool.lend(pool)) {
      status =
          logarithm
              ? Retort.retort_log_softmax(
                  logits.dtype().value,
                  logits.rows(),
                  logits.columns(),
                  in.address(),
                  logits.stride(),
                  temperature,
                  out.address(),
                  output.stride(),
                  executor.address())
              : Retort.retort_softmax(
                  logits.dtype().value,
                  logits.rows(),
                  logits.columns(),
                  in.address(),
                  logits.stride(),
                  temperature,
                  out.address(),
                  output.stride(),
                  executor.address());
    }
    Status.check(status);
  }

  private static void backward(
      Matrix output,
      Matrix outputGradient,
      float temperature,
      Matrix logitsGradient,
      ThreadPool pool,
      boolean logarithm) {
    Arguments.notNull("output", output);
    Arguments.notNull("outputGradient", outputGradient)
        .checkLike("outputGradient", output, "output");
    Arguments.notNull("logitsGradient", logitsGradient)
        .checkLike("logitsGradient", output, "output");
    int status;
    try (Loan y = Matrix.read("output", output);
        Loan dy = Matrix.read("outputGradient", outputGradient);
        Loan dz = Matrix.write("logitsGradient", logitsGradient);
        Loan executor = ThreadPool.lend(pool)) {
      status =
          logarithm
              ? Retort.retort_log_softmax_backward(
                  output.dtype().value,
                  output.rows(),
                  output.columns(),
                  y.address(),
                  output.stride(),
                  dy.address(),
                  outputGradient.stride(),
                  temperature,
                  dz.address(),
                  logitsGradient.stride(),
                  executor.address())
              : Retort.retort_softmax_backward(
                  output.dtype().value,
                  output.rows(),
                  output.columns(),
                  y.address(),
                  output.stride(),
                  dy.address(),
                  outputGradient.stride(),
                  temperature,
                  dz.address(),
                  logitsGradient.stride(),
                  executor.address());
    }
    Status.check(status);
  }
}
