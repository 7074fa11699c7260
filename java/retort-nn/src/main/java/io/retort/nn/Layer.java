package io.retort.nn;

import java.util.List;

/**
 * A differentiable function with parameters, on batches of any number of rows.
 *
 * <p>A layer owns the tensors it returns and those it needs for its backward pass. They are
 * allocated for the largest batch seen and then used again, so a step allocates nothing. A layer
 * reads its last input again in {@link #backward} and {@link #tangent}: the caller keeps it open
 * and unchanged until then.
 *
 * <p>A layer with parameters works once they have memory: see {@link ParameterVector}. Wrong shapes
 * are an {@link IllegalArgumentException} that names the layer and the argument. A layer is used by
 * one thread at a time.
 */
public interface Layer extends AutoCloseable {
  /** Its name, such as {@code stage1.block2.conv1}; its parameters' names begin with it. */
  String name();

  /**
   * The layer's function.
   *
   * @param input {@code [rows, ...]}
   * @param mode what for
   * @return {@code [rows, ...]}, valid until the layer's next forward pass; not to be written
   */
  Tensor forward(Tensor input, Mode mode);

  /**
   * The gradients at the last forward pass, which must have been in {@link Mode#TRAINING}. Writes
   * those of the parameters to {@link Parameter#gradient}.
   *
   * @param outputGradient of the shape that forward returned; it is only read
   * @param inputGradientWanted whether the gradient on the input is computed too
   * @return the gradient on the input, valid until the layer's next backward pass; null if it is
   *     not wanted
   * @throws IllegalStateException if the last forward pass was not in training mode
   */
  Tensor backward(Tensor outputGradient, boolean inputGradientWanted);

  /**
   * The directional derivative at the last forward pass, which must have been in {@link
   * Mode#TRAINING}, along {@code inputTangent} and {@link Parameter#tangent} of every parameter.
   *
   * @param inputTangent of the input's shape, or null for 0
   * @return of the output's shape, valid until the layer's next tangent; null for 0
   * @throws IllegalStateException if the last forward pass was not in training mode
   */
  Tensor tangent(Tensor inputTangent);

  /** What an optimiser changes, in a fixed order. */
  List<Parameter> parameters();

  /** What the forward pass in training mode tracks beside them: running statistics. */
  List<Parameter> buffers();

  /** Frees the tensors that the layer owns; those of the parameters belong to others. */
  @Override
  void close();
}
