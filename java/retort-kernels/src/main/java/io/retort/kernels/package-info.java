/**
 * Ensembles' means and the distillation loss as native kernels.
 *
 * <p>Logits are row-major {@link io.retort.kernels.Matrix matrices} with a row stride, stored in
 * one of three {@link io.retort.kernels.DType types}; the caller owns their memory. Arguments are
 * made once and used again: a call of the ensemble's mean, the softmax, or the loss with a {@link
 * io.retort.kernels.TotalsBuffer} over direct buffers and pointers allocates nothing. An argument
 * that is out of its range gives an {@link IllegalArgumentException} that names it and its value,
 * and nothing is written; null is such an argument wherever it is not said to be allowed.
 */
package io.retort.kernels;
