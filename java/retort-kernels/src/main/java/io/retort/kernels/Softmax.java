package io.retort.kernels;

import io.retort.kernels.binding.Retort;

/** Softmax and log-softmax of logits at a temperature, row by row, and their gradients. */
public final class Softmax {
  private Softmax() {}

  /**
   * {@code output = softmax(logits / temperature)}.
   *
   * @param logits [rows, classes]
   * @param temperature finite, above 0
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
    Arguments.notNull("output", output).checkShape("output", logits.rows(), logits.columns());
    try (Matrix.Loan in = logits.read("logits");
        Matrix.Loan out = output.write("output")) {
      ThreadPool.run(
          pool,
          executor ->
              logarithm
                  ? Retort.retort_log_softmax(
                      Retort.RETORT_F32,
                      logits.rows(),
                      logits.columns(),
                      in.pointer,
                      logits.stride(),
                      temperature,
                      out.pointer,
                      output.stride(),
                      executor)
                  : Retort.retort_softmax(
                      Retort.RETORT_F32,
                      logits.rows(),
                      logits.columns(),
                      in.pointer,
                      logits.stride(),
                      temperature,
                      out.pointer,
                      output.stride(),
                      executor));
    }
  }

  private static void backward(
      Matrix output,
      Matrix outputGradient,
      float temperature,
      Matrix logitsGradient,
      ThreadPool pool,
      boolean logarithm) {
    Arguments.notNull("output", output);
    long rows = output.rows();
    long classes = output.columns();
    Arguments.notNull("outputGradient", outputGradient).checkShape("outputGradient", rows, classes);
    Arguments.notNull("logitsGradient", logitsGradient).checkShape("logitsGradient", rows, classes);
    try (Matrix.Loan y = output.read("output");
        Matrix.Loan dy = outputGradient.read("outputGradient");
        Matrix.Loan dz = logitsGradient.write("logitsGradient")) {
      ThreadPool.run(
          pool,
          executor ->
              logarithm
                  ? Retort.retort_log_softmax_backward(
                      Retort.RETORT_F32,
                      rows,
                      classes,
                      y.pointer,
                      output.stride(),
                      dy.pointer,
                      outputGradient.stride(),
                      temperature,
                      dz.pointer,
                      logitsGradient.stride(),
                      executor)
                  : Retort.retort_softmax_backward(
                      Retort.RETORT_F32,
                      rows,
                      classes,
                      y.pointer,
                      output.stride(),
                      dy.pointer,
                      outputGradient.stride(),
                      temperature,
                      dz.pointer,
                      logitsGradient.stride(),
                      executor));
    }
  }
}
