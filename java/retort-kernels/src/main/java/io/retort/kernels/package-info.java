/**
 * Ensembles' means and the distillation loss as native kernels.
 *
 * <p>Logits are row-major {@link io.retort.kernels.Matrix matrices} of {@code float} with a row
 * stride; the caller owns their memory. An argument that is out of its range gives an {@link
 * IllegalArgumentException} that names it and its value, and nothing is written.
 */
package io.retort.kernels;
