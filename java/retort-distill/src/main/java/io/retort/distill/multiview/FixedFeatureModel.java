package io.retort.distill.multiview;

import io.retort.nn.Device;
import io.retort.nn.Tensor;
import java.util.List;

/**
 * A model that is linear in features which do not learn. Gradient descent over all training samples
 * at once changes its coefficients alone.
 */
interface FixedFeatureModel extends AutoCloseable {

  /** Makes a model from the random numbers of a seed. */
  @FunctionalInterface
  interface Factory {
    FixedFeatureModel create(long seed);
  }

  /** Writes the outputs on the training samples, [samples, classes]. */
  void forward(Tensor outputs);

  /** A step against the loss's gradient on those outputs. */
  void descend(Tensor outputGradient);

  /** The outputs on other samples, [samples, classes]. */
  float[] predict(Samples samples);

  /** Forgets what was learnt, so that the features serve another training. */
  void reset();

  @Override
  void close();

  /**
   * Trains models that an objective binds together, or one.
   *
   * @param steps of gradient descent
   * @param samples that they are trained on
   * @return the outputs of each on those samples at the end
   */
  static List<float[]> train(
      Device device,
      List<? extends FixedFeatureModel> models,
      Objective objective,
      int steps,
      long samples,
      int classes) {
    List<Tensor> outputs = models.stream().map(m -> device.tensor(samples, classes)).toList();
    List<Tensor> gradients = models.stream().map(m -> device.tensor(samples, classes)).toList();
    for (int step = 0; step < steps; step++) {
      forward(models, outputs);
      objective.differentiate(outputs, gradients);
      for (int m = 0; m < models.size(); m++) {
        models.get(m).descend(gradients.get(m));
      }
    }
    forward(models, outputs);
    List<float[]> last = outputs.stream().map(Tensor::download).toList();
    outputs.forEach(Tensor::close);
    gradients.forEach(Tensor::close);
    return last;
  }

  private static void forward(List<? extends FixedFeatureModel> models, List<Tensor> outputs) {
    for (int m = 0; m < models.size(); m++) {
      models.get(m).forward(outputs.get(m));
    }
  }
}
