package io.retort.kernels;

/**
 * A linear layer as {@link LinearDistillation} takes it, {@code logits = hidden * weights^T +
 * bias}, over memory of {@link DType#F32} that the caller owns. Make it once and pass it to many
 * calls.
 *
 * @param hidden what goes into the layer, [rows, hidden size]
 * @param weights [classes, hidden size]
 * @param bias [classes, 1] without gaps; null for 0. Negative infinity masks a class
 */
public record LinearLayer(Matrix hidden, Matrix weights, Matrix bias) {
  /**
   * Checks that the shapes fit.
   *
   * @throws IllegalArgumentException where they do not, for another type, and for null but in place
   *     of the bias
   */
  public LinearLayer {
    checkType("hidden", Arguments.notNull("hidden", hidden));
    checkType("weights", Arguments.notNull("weights", weights));
    weights.checkShape("weights", weights.rows(), hidden.columns());
    Arguments.atLeast("weights rows", weights.rows(), 1);
    if (bias != null) {
      bias.checkVector("bias", weights.rows());
    }
  }

  private static void checkType(String name, Matrix matrix) {
    if (matrix.dtype() != DType.F32) {
      throw new IllegalArgumentException(name + " must be F32, got " + matrix.dtype());
    }
  }

  /** Number of rows. */
  public long rows() {
    return hidden.rows();
  }

  /** Number of classes. */
  public long classes() {
    return weights.rows();
  }

  /** Fails unless this argument {@code name} gives logits of the given shape. */
  void checkLogits(String name, long rows, long classes) {
    if (rows() != rows || classes() != classes) {
      throw new IllegalArgumentException(
          name
              + " must give logits "
              + rows
              + " x "
              + classes
              + ", got "
              + rows()
              + " x "
              + classes());
    }
  }
}
