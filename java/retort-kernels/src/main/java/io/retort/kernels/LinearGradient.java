package io.retort.kernels;

/**
 * Where {@link LinearDistillation} writes the gradient on the student's layer: matrices of its
 * shapes, over other memory. Each may be null, and is then not computed.
 *
 * @param hidden [rows, hidden size], or null
 * @param weights [classes, hidden size], or null
 * @param bias [classes, 1] without gaps, or null
 */
public record LinearGradient(Matrix hidden, Matrix weights, Matrix bias) {
  /** Fails unless the matrices have the shapes of the layer. */
  void checkLike(LinearLayer layer) {
    if (hidden != null) {
      hidden.checkLike("gradient hidden", layer.hidden(), "student hidden");
    }
    if (weights != null) {
      weights.checkLike("gradient weights", layer.weights(), "student weights");
    }
    if (bias != null) {
      bias.checkVector("gradient bias", layer.classes());
    }
  }
}
