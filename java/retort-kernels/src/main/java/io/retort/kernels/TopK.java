package io.retort.kernels;

import io.retort.kernels.binding.Retort;

/** The k largest logits of each row: what a {@link SparseTeacher} is made of. */
public final class TopK {
  /** The largest k. */
  public static final int MOST = Retort.RETORT_MOST_TOP_K;

  private TopK() {}

  /**
   * Writes the k largest logits of each row in falling order; of equal ones the lower class comes
   * first. A class at -inf is taken only where fewer than k others exist. A row with a NaN has NaN
   * values and the indices 0 to k - 1. Over direct buffers and pointers it allocates nothing.
   *
   * @param logits [rows, classes], fewer than 2^31 classes
   * @param form what the values are: the logits themselves, or probabilities or log-probabilities
   *     of the softmax over the whole row
   * @param temperature of that softmax, in [1e-18, 1e18]
   * @param indices receives the classes, [rows, k]; k is 1 to the smaller of the classes and {@link
   *     #MOST}
   * @param values receives the values, [rows, k] of {@link DType#F32}
   * @param pool where it runs; null for the calling thread
   * @throws IllegalArgumentException for an argument out of its range and for outputs that overlap,
   *     before anything is written
   * @throws IllegalStateException if the pool is closed
   */
  public static void compute(
      Matrix logits,
      Output form,
      float temperature,
      Indices indices,
      Matrix values,
      ThreadPool pool) {
    Arguments.notNull("logits", logits);
    Arguments.notNull("form", form);
    Arguments.notNull("indices", indices);
    Arguments.notNull("values", values);
    long k = indices.columns();
    if (indices.rows() != logits.rows()) {
      throw Arguments.wrongShape("indices", logits.rows(), k, indices.rows(), k);
    }
    long most = Math.min(logits.columns(), MOST);
    if (k > most) {
      throw new IllegalArgumentException(
          "indices must have 1 to "
              + most
              + " columns for "
              + logits.columns()
              + " classes, got "
              + k);
    }
    values.checkShape("values", logits.rows(), k);
    Arguments.sameType("values", values.dtype(), DType.F32, "every list of the largest");
    int status;
    try (Loan in = Matrix.read("logits", logits);
        Loan outIndices = Indices.write("indices", indices);
        Loan outValues = Matrix.write("values", values);
        Loan executor = ThreadPool.lend(pool)) {
      status =
          Retort.retort_top_k(
              logits.dtype().value,
              logits.rows(),
              logits.columns(),
              in.address(),
              logits.stride(),
              k,
              form.value,
              temperature,
              outIndices.address(),
              indices.stride(),
              outValues.address(),
              values.stride(),
              executor.address());
    }
    Status.check(status);
  }
}
