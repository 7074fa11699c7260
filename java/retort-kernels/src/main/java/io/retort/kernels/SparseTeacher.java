package io.retort.kernels;

/**
 * A teacher of whom k classes of each row are known, as {@link TopK} gives them.
 *
 * @param indices the classes, [rows, k], in any order; -1 is an absent entry
 * @param values logits, probabilities or log-probabilities of these classes, [rows, k] of {@link
 *     DType#F32} with the stride of the indices
 */
public record SparseTeacher(Indices indices, Matrix values) {
  /**
   * A teacher over the memory of both.
   *
   * @throws IllegalArgumentException for null, and for matrices that do not belong together
   */
  public SparseTeacher {
    Arguments.notNull("indices", indices);
    Arguments.notNull("values", values).checkShape("values", indices.rows(), indices.columns());
    Arguments.sameType("values", values.dtype(), DType.F32, "every sparse teacher");
    if (values.stride() != indices.stride()) {
      throw new IllegalArgumentException(
          "values must have the stride "
              + indices.stride()
              + " of the indices, got "
              + values.stride());
    }
  }

  /** Entries of a row, k. */
  public long entries() {
    return indices.columns();
  }
}
