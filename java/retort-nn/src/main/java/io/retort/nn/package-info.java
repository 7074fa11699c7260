/**
 * Small neural networks on a device: tensors, layers with {@code forward}, {@code backward} and
 * {@code tangent}, networks whose parameters lie in one flat vector, and optimisers that step it.
 *
 * <p>There is no graph and no tape: a network is a composition of layers, each of which keeps what
 * its own backward pass needs. Images are channels last, {@code [rows, height, width, channels]};
 * everything is {@code float}.
 *
 * <p>Whatever holds native memory is {@link AutoCloseable} and is freed when it is closed, never by
 * the garbage collector. Using it afterwards is an {@link IllegalStateException}. An argument out
 * of its range is an {@link IllegalArgumentException} that names it and its value.
 */
package io.retort.nn;
